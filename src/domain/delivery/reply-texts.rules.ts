/** The fixed words of replies in one language. Titles have at most 20 characters. */
export interface ReplyTexts {
  readonly unsubscribe: string;
  readonly subscribe: string;
  readonly subscribeAgain: string;
  readonly yes: string;
  readonly no: string;
  readonly notice: string;
  readonly unsubscribed: string;
  readonly subscribed: string;
  readonly askSubscribe: string;
  readonly noticeLink: string;
}

const ENGLISH: ReplyTexts = {
  unsubscribe: 'Unsubscribe',
  subscribe: 'Subscribe',
  subscribeAgain: 'Subscribe again',
  yes: 'Yes, send me offers',
  no: 'No thanks',
  notice: 'Privacy and notice',
  unsubscribed: 'You are unsubscribed. We will send you no more offers here.',
  subscribed: 'You are subscribed. You can unsubscribe at any time.',
  askSubscribe: 'You are unsubscribed at the moment. Would you like to get our messages again?',
  noticeLink: 'Here you can read what we store and why, and unsubscribe.',
};

const TEXTS: Readonly<Record<string, ReplyTexts>> = {
  en: ENGLISH,
  de: {
    unsubscribe: 'Abmelden',
    subscribe: 'Anmelden',
    subscribeAgain: 'Wieder anmelden',
    yes: 'Ja, gerne Angebote',
    no: 'Nein danke',
    notice: 'Datenschutz',
    unsubscribed: 'Du bist abgemeldet. Wir senden dir hier keine Angebote mehr.',
    subscribed: 'Du bist angemeldet. Du kannst dich jederzeit wieder abmelden.',
    askSubscribe: 'Du bist zurzeit abgemeldet. Möchtest du unsere Nachrichten wieder erhalten?',
    noticeLink: 'Hier steht, was wir speichern und warum, und hier kannst du dich abmelden.',
  },
  fr: {
    unsubscribe: 'Se désabonner',
    subscribe: "S'abonner",
    subscribeAgain: 'Se réabonner',
    yes: 'Oui, avec plaisir',
    no: 'Non merci',
    notice: 'Confidentialité',
    unsubscribed: 'Vous êtes désabonné. Nous ne vous enverrons plus d’offres ici.',
    subscribed: 'Vous êtes abonné. Vous pouvez vous désabonner à tout moment.',
    askSubscribe: 'Vous êtes actuellement désabonné. Souhaitez-vous recevoir à nouveau nos messages ?',
    noticeLink: 'Voici ce que nous conservons et pourquoi, et comment vous désabonner.',
  },
  es: {
    unsubscribe: 'Darse de baja',
    subscribe: 'Suscribirse',
    subscribeAgain: 'Volver a suscribirse',
    yes: 'Sí, quiero ofertas',
    no: 'No, gracias',
    notice: 'Privacidad',
    unsubscribed: 'Te has dado de baja. No te enviaremos más ofertas aquí.',
    subscribed: 'Te has suscrito. Puedes darte de baja cuando quieras.',
    askSubscribe: 'Ahora mismo estás de baja. ¿Quieres volver a recibir nuestros mensajes?',
    noticeLink: 'Aquí puedes leer qué guardamos y por qué, y darte de baja.',
  },
  it: {
    unsubscribe: 'Annulla iscrizione',
    subscribe: 'Iscriviti',
    subscribeAgain: 'Iscriviti di nuovo',
    yes: 'Sì, voglio offerte',
    no: 'No grazie',
    notice: 'Privacy',
    unsubscribed: 'La tua iscrizione è annullata. Non ti invieremo altre offerte qui.',
    subscribed: 'La tua iscrizione è attiva. Puoi annullarla in qualsiasi momento.',
    askSubscribe: 'Al momento non sei iscritto. Vuoi ricevere di nuovo i nostri messaggi?',
    noticeLink: 'Qui puoi leggere che cosa conserviamo e perché, e annullare l’iscrizione.',
  },
  pt: {
    unsubscribe: 'Cancelar inscrição',
    subscribe: 'Inscrever-se',
    subscribeAgain: 'Inscrever de novo',
    yes: 'Sim, quero ofertas',
    no: 'Não, obrigado',
    notice: 'Privacidade',
    unsubscribed: 'A sua inscrição foi cancelada. Não enviaremos mais ofertas por aqui.',
    subscribed: 'A sua inscrição está ativa. Pode cancelar quando quiser.',
    askSubscribe: 'A sua inscrição está cancelada. Quer voltar a receber as nossas mensagens?',
    noticeLink: 'Aqui pode ler o que guardamos e porquê, e cancelar a inscrição.',
  },
  nl: {
    unsubscribe: 'Afmelden',
    subscribe: 'Aanmelden',
    subscribeAgain: 'Opnieuw aanmelden',
    yes: 'Ja, stuur mij acties',
    no: 'Nee bedankt',
    notice: 'Privacy',
    unsubscribed: 'Je bent afgemeld. We sturen je hier geen aanbiedingen meer.',
    subscribed: 'Je bent aangemeld. Je kunt je op elk moment afmelden.',
    askSubscribe: 'Je bent op dit moment afgemeld. Wil je onze berichten weer ontvangen?',
    noticeLink: 'Hier lees je wat we bewaren en waarom, en kun je je afmelden.',
  },
  pl: {
    unsubscribe: 'Wypisz się',
    subscribe: 'Zapisz się',
    subscribeAgain: 'Zapisz się ponownie',
    yes: 'Tak, chcę oferty',
    no: 'Nie, dziękuję',
    notice: 'Prywatność',
    unsubscribed: 'Wypisano Cię. Nie będziemy tu wysyłać więcej ofert.',
    subscribed: 'Zapisano Cię. W każdej chwili możesz się wypisać.',
    askSubscribe: 'Obecnie jesteś wypisany. Czy chcesz znów otrzymywać nasze wiadomości?',
    noticeLink: 'Tutaj przeczytasz, co przechowujemy i dlaczego, oraz możesz się wypisać.',
  },
  tr: {
    unsubscribe: 'Abonelikten çık',
    subscribe: 'Abone ol',
    subscribeAgain: 'Yeniden abone ol',
    yes: 'Evet, teklif gönder',
    no: 'Hayır, teşekkürler',
    notice: 'Gizlilik',
    unsubscribed: 'Abonelikten çıktınız. Size buradan artık teklif göndermeyeceğiz.',
    subscribed: 'Abone oldunuz. İstediğiniz zaman çıkabilirsiniz.',
    askSubscribe: 'Şu anda abone değilsiniz. Mesajlarımızı yeniden almak ister misiniz?',
    noticeLink: 'Neyi neden sakladığımızı burada okuyabilir ve abonelikten çıkabilirsiniz.',
  },
  ru: {
    unsubscribe: 'Отписаться',
    subscribe: 'Подписаться',
    subscribeAgain: 'Подписаться снова',
    yes: 'Да, присылайте',
    no: 'Нет, спасибо',
    notice: 'Конфиденциальность',
    unsubscribed: 'Вы отписались. Мы больше не будем присылать сюда предложения.',
    subscribed: 'Вы подписаны. Отписаться можно в любой момент.',
    askSubscribe: 'Сейчас вы не подписаны. Хотите снова получать наши сообщения?',
    noticeLink: 'Здесь написано, что мы храним и зачем, и здесь можно отписаться.',
  },
  uk: {
    unsubscribe: 'Відписатися',
    subscribe: 'Підписатися',
    subscribeAgain: 'Підписатися знову',
    yes: 'Так, надсилайте',
    no: 'Ні, дякую',
    notice: 'Конфіденційність',
    unsubscribed: 'Ви відписалися. Ми більше не надсилатимемо сюди пропозицій.',
    subscribed: 'Ви підписані. Відписатися можна будь-коли.',
    askSubscribe: 'Зараз ви не підписані. Бажаєте знову отримувати наші повідомлення?',
    noticeLink: 'Тут написано, що ми зберігаємо і навіщо, і тут можна відписатися.',
  },
  ar: {
    unsubscribe: 'إلغاء الاشتراك',
    subscribe: 'اشترك',
    subscribeAgain: 'اشترك مجددًا',
    yes: 'نعم، أرسلوا العروض',
    no: 'لا، شكرًا',
    notice: 'الخصوصية',
    unsubscribed: 'تم إلغاء اشتراكك. لن نرسل إليك عروضًا هنا بعد الآن.',
    subscribed: 'أنت مشترك الآن. يمكنك إلغاء الاشتراك في أي وقت.',
    askSubscribe: 'أنت غير مشترك حاليًا. هل ترغب في تلقي رسائلنا مجددًا؟',
    noticeLink: 'هنا يمكنك قراءة ما نحفظه ولماذا، وإلغاء الاشتراك.',
  },
};

export const REPLY_LANGUAGES = Object.keys(TEXTS);

/** The words for `de_AT`, `de-at` or `de`; English where there are none. */
export const replyTexts = (language: string): ReplyTexts =>
  TEXTS[language.split(/[_-]/)[0]?.toLowerCase() ?? ''] ?? ENGLISH;
