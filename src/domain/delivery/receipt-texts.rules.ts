/** The words of a consent receipt in one language; `at` is a moment like `2026-11-23 10:11 UTC`. */
export interface ReceiptTexts {
  /** Title of the button, at most 20 characters. */
  readonly seeProof: string;
  /** Agreed by starting the conversation, as the Page counts it. */
  readonly opened: (at: string) => string;
  /** Agreed by an act of its own. */
  readonly agreed: (at: string) => string;
  /** Which text was sent before that, and which only afterwards; the text follows. */
  readonly sentBefore: (at: string) => string;
  readonly sentAfter: (at: string) => string;
  readonly withdrew: (at: string) => string;
  readonly none: string;
}

const ENGLISH: ReceiptTexts = {
  seeProof: 'See the proof',
  opened: (at) => `You opened this conversation on ${at}. It counts as agreeing to get messages here.`,
  agreed: (at) => `You agreed to get messages here on ${at}.`,
  sentBefore: (at) => `Before that, on ${at}, this text was sent to you:`,
  sentAfter: (at) => `After that, on ${at}, this text was sent to you:`,
  withdrew: (at) => `You unsubscribed on ${at}. You get no more messages here.`,
  none: 'You have not agreed to get messages here.',
};

const TEXTS: Readonly<Record<string, ReceiptTexts>> = {
  en: ENGLISH,
  de: {
    seeProof: 'Nachweis ansehen',
    opened: (at) => `Du hast diese Unterhaltung am ${at} begonnen. Das gilt als Zustimmung zu Nachrichten hier.`,
    agreed: (at) => `Du hast am ${at} zugestimmt, hier Nachrichten zu erhalten.`,
    sentBefore: (at) => `Davor, am ${at}, wurde dir dieser Text gesendet:`,
    sentAfter: (at) => `Danach, am ${at}, wurde dir dieser Text gesendet:`,
    withdrew: (at) => `Du hast dich am ${at} abgemeldet. Du erhältst hier keine Nachrichten mehr.`,
    none: 'Du hast Nachrichten hier nicht zugestimmt.',
  },
  fr: {
    seeProof: 'Voir la preuve',
    opened: (at) => `Vous avez ouvert cette conversation le ${at}. Cela vaut accord pour recevoir des messages ici.`,
    agreed: (at) => `Vous avez accepté de recevoir des messages ici le ${at}.`,
    sentBefore: (at) => `Avant cela, le ${at}, ce texte vous a été envoyé :`,
    sentAfter: (at) => `Après cela, le ${at}, ce texte vous a été envoyé :`,
    withdrew: (at) => `Vous vous êtes désabonné le ${at}. Vous ne recevez plus de messages ici.`,
    none: 'Vous n’avez pas accepté de recevoir des messages ici.',
  },
  es: {
    seeProof: 'Ver la prueba',
    opened: (at) => `Abriste esta conversación el ${at}. Eso cuenta como aceptar mensajes aquí.`,
    agreed: (at) => `Aceptaste recibir mensajes aquí el ${at}.`,
    sentBefore: (at) => `Antes, el ${at}, se te envió este texto:`,
    sentAfter: (at) => `Después, el ${at}, se te envió este texto:`,
    withdrew: (at) => `Te diste de baja el ${at}. Ya no recibes mensajes aquí.`,
    none: 'No has aceptado recibir mensajes aquí.',
  },
  it: {
    seeProof: 'Vedi la prova',
    opened: (at) => `Hai aperto questa conversazione il ${at}. Vale come consenso a ricevere messaggi qui.`,
    agreed: (at) => `Hai accettato di ricevere messaggi qui il ${at}.`,
    sentBefore: (at) => `Prima, il ${at}, ti è stato inviato questo testo:`,
    sentAfter: (at) => `Dopo, il ${at}, ti è stato inviato questo testo:`,
    withdrew: (at) => `Hai annullato l’iscrizione il ${at}. Qui non ricevi più messaggi.`,
    none: 'Non hai accettato di ricevere messaggi qui.',
  },
  pt: {
    seeProof: 'Ver a prova',
    opened: (at) => `Abriu esta conversa em ${at}. Isso conta como aceitar mensagens aqui.`,
    agreed: (at) => `Aceitou receber mensagens aqui em ${at}.`,
    sentBefore: (at) => `Antes disso, em ${at}, foi-lhe enviado este texto:`,
    sentAfter: (at) => `Depois disso, em ${at}, foi-lhe enviado este texto:`,
    withdrew: (at) => `Cancelou a inscrição em ${at}. Já não recebe mensagens aqui.`,
    none: 'Não aceitou receber mensagens aqui.',
  },
  nl: {
    seeProof: 'Bekijk het bewijs',
    opened: (at) => `Je opende dit gesprek op ${at}. Dat geldt als toestemming voor berichten hier.`,
    agreed: (at) => `Je stemde op ${at} in met berichten hier.`,
    sentBefore: (at) => `Daarvoor, op ${at}, is je deze tekst gestuurd:`,
    sentAfter: (at) => `Daarna, op ${at}, is je deze tekst gestuurd:`,
    withdrew: (at) => `Je meldde je af op ${at}. Je krijgt hier geen berichten meer.`,
    none: 'Je hebt niet ingestemd met berichten hier.',
  },
  pl: {
    seeProof: 'Zobacz dowód',
    opened: (at) => `Ta rozmowa została rozpoczęta ${at}. Liczy się to jako zgoda na wiadomości tutaj.`,
    agreed: (at) => `Zgoda na wiadomości tutaj została udzielona ${at}.`,
    sentBefore: (at) => `Wcześniej, ${at}, wysłano ten tekst:`,
    sentAfter: (at) => `Później, ${at}, wysłano ten tekst:`,
    withdrew: (at) => `Rezygnacja nastąpiła ${at}. Nie wysyłamy tu więcej wiadomości.`,
    none: 'Nie ma zgody na wiadomości tutaj.',
  },
  tr: {
    seeProof: 'Kanıtı gör',
    opened: (at) => `Bu sohbeti ${at} tarihinde açtınız. Bu, burada mesaj almayı kabul etmek sayılır.`,
    agreed: (at) => `Burada mesaj almayı ${at} tarihinde kabul ettiniz.`,
    sentBefore: (at) => `Bundan önce, ${at} tarihinde size şu metin gönderildi:`,
    sentAfter: (at) => `Bundan sonra, ${at} tarihinde size şu metin gönderildi:`,
    withdrew: (at) => `${at} tarihinde abonelikten çıktınız. Burada artık mesaj almıyorsunuz.`,
    none: 'Burada mesaj almayı kabul etmediniz.',
  },
  ru: {
    seeProof: 'Посмотреть',
    opened: (at) => `Вы начали этот разговор ${at}. Это считается согласием получать здесь сообщения.`,
    agreed: (at) => `Вы согласились получать здесь сообщения ${at}.`,
    sentBefore: (at) => `До этого, ${at}, вам был отправлен этот текст:`,
    sentAfter: (at) => `После этого, ${at}, вам был отправлен этот текст:`,
    withdrew: (at) => `Вы отписались ${at}. Вы больше не получаете здесь сообщений.`,
    none: 'Вы не соглашались получать здесь сообщения.',
  },
  uk: {
    seeProof: 'Переглянути',
    opened: (at) => `Ви почали цю розмову ${at}. Це вважається згодою отримувати тут повідомлення.`,
    agreed: (at) => `Ви погодилися отримувати тут повідомлення ${at}.`,
    sentBefore: (at) => `До цього, ${at}, вам надіслали цей текст:`,
    sentAfter: (at) => `Після цього, ${at}, вам надіслали цей текст:`,
    withdrew: (at) => `Ви відписалися ${at}. Ви більше не отримуєте тут повідомлень.`,
    none: 'Ви не погоджувалися отримувати тут повідомлення.',
  },
  ar: {
    seeProof: 'عرض الإثبات',
    opened: (at) => `فتحت هذه المحادثة في ${at}. ويُعد ذلك موافقة على تلقي الرسائل هنا.`,
    agreed: (at) => `وافقت على تلقي الرسائل هنا في ${at}.`,
    sentBefore: (at) => `قبل ذلك، في ${at}، أُرسل إليك هذا النص:`,
    sentAfter: (at) => `بعد ذلك، في ${at}، أُرسل إليك هذا النص:`,
    withdrew: (at) => `ألغيت الاشتراك في ${at}. لن تتلقى رسائل هنا بعد الآن.`,
    none: 'لم توافق على تلقي الرسائل هنا.',
  },
};

/** The words for `de_AT`, `de-at` or `de`; English where there are none. */
export const receiptTexts = (language: string): ReceiptTexts =>
  TEXTS[language.split(/[_-]/)[0]?.toLowerCase() ?? ''] ?? ENGLISH;
