import type { LanguageWords } from './words.types';

const list = (words: string): readonly string[] => words.split(',').map((word) => word.trim());

/** Languages of western and northern Europe. */
export const WESTERN_WORDS: readonly LanguageWords[] = [
  {
    language: 'en',
    stop: list(
      'stop, stop all, stopall, stop it, stop this, stop messages, stop messaging, stop messaging me, stop sending messages, stop sending me messages, stop these messages, stop sending, stop sending this, stop sending these, no more, no more messages, no more offers, unsubscribe, unsubscribe me, un subscribe, unsub, unsubscribe all, opt out, optout, opt me out, remove me, cancel, cancel subscription, end, quit',
    ),
    start: list('start, subscribe, subscribe again, resubscribe, unstop'),
    polite: list('please, pls, plz, kindly, now, thanks, thank you, thx, ok, okay, immediately, right now'),
  },
  {
    language: 'es',
    stop: list(
      'parar, basta, detener, baja, dar de baja, darme de baja, darse de baja, quiero darme de baja, cancelar, cancelar suscripción, cancelar la suscripción, anular suscripción, desuscribir, desuscribirme, desuscribirse, no más mensajes, no quiero más mensajes, no envíen más mensajes, no me envíen más mensajes, dejen de enviar mensajes',
    ),
    start: list('empezar, comenzar, iniciar, suscribir, suscribirme, suscribirse, darme de alta'),
    polite: list('por favor, porfa, porfavor, ya, ahora, gracias, inmediatamente'),
  },
  {
    language: 'pt',
    stop: list(
      'parar, pare, sair, cancelar, cancelar inscrição, cancelar assinatura, cancelar subscrição, descadastrar, me descadastrar, descadastre me, desinscrever, não quero mais mensagens, sem mais mensagens, não envie mais mensagens, não enviem mais mensagens, pare de enviar mensagens, parem de enviar mensagens',
    ),
    start: list('começar, iniciar, inscrever, inscrever-me, me inscrever, subscrever, assinar'),
    polite: list('por favor, pf, pfv, agora, já, obrigado, obrigada, imediatamente'),
  },
  {
    language: 'fr',
    stop: list(
      "arrêt, arrêter, arrêtez, arrête, stopper, désabonner, me désabonner, se désabonner, désabonnez-moi, désabonnement, désinscription, désinscrire, me désinscrire, se désinscrire, désinscrivez-moi, résilier, plus de messages, ne plus recevoir de messages, je me désabonne, je veux me désabonner, n'envoyez plus de messages, ne m'envoyez plus de messages, arrêtez d'envoyer des messages",
    ),
    start: list("commencer, démarrer, s'abonner, m'abonner, abonnez-moi, je m'abonne"),
    polite: list("s'il vous plaît, s'il te plaît, svp, stp, merci, maintenant, tout de suite, immédiatement"),
  },
  {
    language: 'de',
    stop: list(
      'stopp, stoppen, abmelden, mich abmelden, abmeldung, abbestellen, newsletter abbestellen, austragen, mich austragen, kündigen, kuendigen, aufhören, aufhoeren, hör auf, beenden, abo beenden, abo kündigen, abonnement beenden, keine nachrichten mehr, keine weiteren nachrichten, hören sie auf, hört auf, nichts mehr senden, nichts mehr schicken, keine angebote mehr',
    ),
    start: list('starten, abonnieren, wieder abonnieren'),
    polite: list('bitte, danke, jetzt, sofort, vielen dank'),
  },
  {
    language: 'it',
    stop: list(
      "basta, ferma, fermare, fermati, fermatevi, annulla iscrizione, annulla l'iscrizione, annullare iscrizione, annullare l'iscrizione, cancella iscrizione, cancella l'iscrizione, disiscrivi, disiscrivimi, disiscrivermi, disiscriversi, disiscrizione, niente più messaggi, non voglio più messaggi, non inviate più messaggi, non mandate più messaggi, smettetela, interrompi",
    ),
    start: list('inizia, iniziare, iscrivimi, iscrivermi, iscriversi, iscriviti'),
    polite: list('per favore, per piacere, grazie, subito, adesso, ora'),
  },
  {
    language: 'nl',
    stop: list(
      'stoppen, stop ermee, afmelden, meld me af, afmelding, uitschrijven, schrijf me uit, uitschrijving, opzeggen, beëindigen, geen berichten meer, stuur niets meer, niets meer sturen, stop met sturen, abonnement opzeggen',
    ),
    start: list('starten, abonneren, abonneer, abonneer mij'),
    polite: list('alsjeblieft, alstublieft, aub, ajb, graag, nu, meteen, bedankt, dank je, dank u'),
  },
  {
    language: 'sv',
    stop: list(
      'stopp, stoppa, sluta, avsluta, avregistrera, avregistrera mig, avprenumerera, avanmäl, avanmäl mig, avanmälan, säg upp, sluta skicka, sluta skicka meddelanden, skicka inte mer, inga fler meddelanden',
    ),
    start: list('starta, börja, prenumerera'),
    polite: list('tack, snälla, nu, vänligen, genast'),
  },
  {
    language: 'da',
    stop: list(
      'stands, stopp, afmeld, afmeld mig, afmelding, frameld, frameld mig, afslut, opsig, hold op, ikke flere beskeder',
    ),
    start: list('begynd, abonner, abonnér, tilmeld, tilmeld mig'),
    polite: list('tak, venligst, vær venlig, nu, straks'),
  },
  {
    language: 'nb',
    stop: list(
      'stopp, stans, avslutt, avmeld, avmeld meg, avmelding, meld av, meld meg av, slutt, si opp, ikke flere meldinger',
    ),
    start: list('begynn, abonner, abonnér, meld på, meld meg på'),
    polite: list('takk, vær så snill, vennligst, nå, med en gang'),
  },
  {
    language: 'fi',
    stop: list(
      'lopeta, lopettakaa, lopeta viestit, peruuta tilaus, peru tilaus, poista minut, poistu listalta, ei enää viestejä, en halua viestejä',
    ),
    start: list('aloita, käynnistä, tilaa viestit, tilaa uudelleen'),
    polite: list('kiitos, ole hyvä, nyt, heti'),
  },
];
