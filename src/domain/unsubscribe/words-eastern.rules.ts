import type { LanguageWords } from './words.types';

const list = (words: string): readonly string[] => words.split(',').map((word) => word.trim());

/** Languages of central and eastern Europe, and Turkish. */
export const EASTERN_WORDS: readonly LanguageWords[] = [
  {
    language: 'pl',
    stop: list(
      'zatrzymaj, przestań, przestańcie, wypisz, wypisz mnie, wypisz się, wypisuję się, rezygnuję, zrezygnuj, rezygnacja, anuluj subskrypcję, odsubskrybuj, koniec, koniec wiadomości, nie wysyłaj więcej, nie wysyłajcie więcej, nie wysyłać więcej',
    ),
    start: list('rozpocznij, zacznij, subskrybuj, zapisz mnie, zapisz się'),
    polite: list('proszę, dziękuję, dzięki, teraz, natychmiast, już'),
  },
  {
    language: 'cs',
    stop: list(
      'zastavit, zastavte, přestaň, přestaňte, odhlásit, odhlásit se, odhlaste mě, odhlásit odběr, zrušit odběr, ukončit, ukončit odběr, konec, žádné další zprávy',
    ),
    start: list('začít, spustit, odebírat, přihlásit odběr, přihlásit k odběru'),
    polite: list('prosím, hned, teď, okamžitě, děkuji, díky'),
  },
  {
    language: 'sk',
    stop: list(
      'zastaviť, zastavte, prestaň, prestaňte, odhlásiť, odhlásiť sa, odhláste ma, odhlásiť odber, zrušiť odber, ukončiť, ukončiť odber, koniec, =dosť, žiadne ďalšie správy',
    ),
    start: list('začať, spustiť, odoberať, prihlásiť odber, prihlásiť na odber'),
    polite: list('prosím, hneď, teraz, okamžite, ďakujem, vďaka'),
  },
  {
    language: 'hu',
    stop: list(
      'állj, megállj, leállítás, leállítani, állítsd le, leiratkozás, leiratkozom, leiratkozni, leiratkoznék, elég volt, ne küldj többet, ne küldjön többet, nem kérek több üzenetet',
    ),
    start: list('indítás, kezdés, feliratkozás, feliratkozom, feliratkozni'),
    polite: list('kérem, kérlek, most, azonnal, köszönöm, köszi'),
  },
  {
    language: 'ro',
    stop: list(
      'oprește, opriți, oprire, oprește-te, dezabonare, dezabonează-mă, mă dezabonez, vreau să mă dezabonez, anulare abonament, anulează abonamentul, nu mai trimite, nu mai trimiteți, fără mesaje',
    ),
    start: list('începe, pornește, abonare, mă abonez, abonează-mă'),
    polite: list('te rog, vă rog, acum, imediat, mulțumesc, mersi'),
  },
  {
    language: 'bg',
    stop: list(
      'стоп, спри, спрете, отписване, отпиши ме, отпишете ме, отписвам се, отказвам се, прекрати, прекратете, край',
    ),
    start: list('старт, започни, абонирай ме, абониране, абонирам се, абонирай се'),
    polite: list('моля, моля те, моля ви, веднага, сега, благодаря'),
  },
  {
    language: 'el',
    stop: list(
      'στοπ, σταμάτα, σταμάτησε, σταματήστε, διακοπή, απεγγραφή, κατάργηση εγγραφής, ακύρωση εγγραφής, διαγράψτε με, όχι άλλα μηνύματα, τέλος',
    ),
    start: list('έναρξη, ξεκίνα, ξεκινήστε, εγγραφή, εγγραφείτε'),
    polite: list('παρακαλώ, σας παρακαλώ, σε παρακαλώ, τώρα, αμέσως, ευχαριστώ'),
  },
  {
    language: 'ru',
    stop: list(
      'стоп, остановить, остановите, остановись, прекратить, прекрати, прекратите, хватит, отписаться, отписка, отписать, отпиши меня, отпишите меня, отменить подписку, отмена подписки, больше не пишите, не пишите больше, не пишите мне больше, не присылайте больше, больше не присылайте, перестаньте',
    ),
    start: list('старт, начать, подписаться, подпиши меня, подпишите меня, возобновить подписку'),
    polite: list('пожалуйста, пжл, плиз, сейчас, немедленно, спасибо'),
  },
  {
    language: 'uk',
    stop: list(
      'стоп, зупинити, зупиніть, зупинись, припинити, припини, припиніть, досить, відписатися, відписатись, відписка, відпишіть мене, скасувати підписку, більше не пишіть, не пишіть більше, не пишіть мені більше, не надсилайте більше, більше не надсилайте, перестаньте',
    ),
    start: list('старт, почати, розпочати, підписатися, підписатись, підпишіть мене'),
    polite: list('будь ласка, зараз, негайно, дякую'),
  },
  {
    language: 'tr',
    stop: list(
      'dur, durdur, durdurun, ret, çık, çıkış, abonelikten çık, abonelikten ayrıl, aboneliği iptal et, aboneliğimi iptal et, üyelikten çık, listeden çık, mesaj gönderme, mesaj göndermeyin, mesaj istemiyorum, yeter',
    ),
    start: list('başla, başlat, abone ol, kaydol'),
    polite: list('lütfen, hemen, şimdi, artık, teşekkürler, teşekkür ederim'),
  },
];
