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
  readonly askErasure: string;
  readonly eraseYes: string;
  /** Deletes everything but a mark against being written to again. */
  readonly eraseAndMark: string;
  readonly eraseNo: string;
  readonly erasing: string;
  readonly certificate: string;
  readonly seeData: string;
  readonly yourData: string;
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
  askErasure:
    'You get no more offers. Shall we also delete everything we hold about you on this Page? This is final and cannot be undone. If you choose so, one sealed mark stays, and this Page never writes to you again unless you ask for it.',
  eraseYes: 'Delete everything',
  eraseAndMark: 'Delete, never write',
  eraseNo: 'Keep my data',
  erasing:
    'We are deleting everything now. Keep this link: it shows the certificate, and only you can show that it is about you.',
  certificate: 'Certificate',
  seeData: 'See my data',
  yourData: 'Here is everything that is kept about you on this Page, also as a file. Keep the link to yourself.',
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
    askErasure:
      'Du bekommst keine Angebote mehr. Sollen wir auch alles löschen, was wir auf dieser Seite über dich haben? Das ist endgültig. Wenn du willst, bleibt ein versiegeltes Zeichen, und diese Seite schreibt dir nie wieder, außer du bittest darum.',
    eraseYes: 'Alles löschen',
    eraseAndMark: 'Löschen und sperren',
    eraseNo: 'Daten behalten',
    erasing:
      'Wir löschen jetzt alles. Bewahre diesen Link auf: Er zeigt die Bescheinigung, und nur du kannst zeigen, dass sie dich betrifft.',
    certificate: 'Bescheinigung',
    seeData: 'Meine Daten',
    yourData:
      'Hier steht alles, was auf dieser Seite über dich gespeichert ist, auch als Datei. Behalte den Link für dich.',
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
    askErasure:
      'Vous ne recevrez plus d’offres. Devons-nous aussi supprimer tout ce que nous avons sur vous sur cette Page ? C’est définitif. Si vous le voulez, une marque scellée reste, et cette Page ne vous écrira plus jamais, sauf si vous le demandez.',
    eraseYes: 'Tout supprimer',
    eraseAndMark: 'Supprimer et bloquer',
    eraseNo: 'Garder mes données',
    erasing:
      'Nous supprimons tout maintenant. Gardez ce lien : il montre le certificat, et vous seul pouvez montrer qu’il vous concerne.',
    certificate: 'Certificat',
    seeData: 'Voir mes données',
    yourData: 'Voici tout ce qui est conservé sur vous sur cette Page, aussi en fichier. Gardez ce lien pour vous.',
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
    askErasure:
      'No recibirás más ofertas. ¿Borramos también todo lo que tenemos sobre ti en esta página? Es definitivo. Si quieres, queda una marca sellada y esta página no volverá a escribirte, salvo que lo pidas.',
    eraseYes: 'Borrar todo',
    eraseAndMark: 'Borrar y bloquear',
    eraseNo: 'Conservar mis datos',
    erasing:
      'Estamos borrando todo. Guarda este enlace: muestra el certificado, y solo tú puedes mostrar que trata de ti.',
    certificate: 'Certificado',
    seeData: 'Ver mis datos',
    yourData: 'Aquí está todo lo que se guarda sobre ti en esta página, también como archivo. No compartas el enlace.',
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
    askErasure:
      'Non riceverai altre offerte. Dobbiamo anche cancellare tutto ciò che abbiamo su di te in questa Pagina? È definitivo. Se vuoi, resta un segno sigillato e questa Pagina non ti scriverà mai più, a meno che tu non lo chieda.',
    eraseYes: 'Cancella tutto',
    eraseAndMark: 'Cancella e blocca',
    eraseNo: 'Conserva i dati',
    erasing:
      'Stiamo cancellando tutto. Conserva questo link: mostra il certificato, e solo tu puoi mostrare che riguarda te.',
    certificate: 'Certificato',
    seeData: 'I miei dati',
    yourData: 'Ecco tutto ciò che è conservato su di te in questa Pagina, anche come file. Tieni il link per te.',
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
    askErasure:
      'Você não receberá mais ofertas. Devemos também apagar tudo o que temos sobre você nesta Página? É definitivo. Se quiser, fica uma marca selada e esta Página nunca mais lhe escreve, a menos que peça.',
    eraseYes: 'Apagar tudo',
    eraseAndMark: 'Apagar e bloquear',
    eraseNo: 'Manter meus dados',
    erasing:
      'Estamos apagando tudo. Guarde este link: ele mostra o certificado, e só você pode mostrar que é sobre você.',
    certificate: 'Certificado',
    seeData: 'Ver meus dados',
    yourData: 'Aqui está tudo o que é guardado sobre você nesta Página, também em arquivo. Guarde o link para si.',
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
    askErasure:
      'Je krijgt geen aanbiedingen meer. Zullen we ook alles verwijderen wat we op deze pagina over je hebben? Dit is definitief. Als je dat wilt, blijft één verzegeld teken en schrijft deze pagina je nooit meer, tenzij je erom vraagt.',
    eraseYes: 'Alles verwijderen',
    eraseAndMark: 'Wissen en blokkeren',
    eraseNo: 'Gegevens bewaren',
    erasing:
      'We verwijderen nu alles. Bewaar deze link: hij toont het certificaat, en alleen jij kunt tonen dat het over jou gaat.',
    certificate: 'Certificaat',
    seeData: 'Mijn gegevens',
    yourData: 'Hier staat alles wat over jou op deze pagina wordt bewaard, ook als bestand. Houd de link voor jezelf.',
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
    askErasure:
      'Nie otrzymasz już ofert. Czy mamy też usunąć wszystko, co mamy o Tobie na tej stronie? Tego nie można cofnąć. Jeśli chcesz, zostanie jeden zapieczętowany znak i ta strona nigdy więcej do Ciebie nie napisze, chyba że o to poprosisz.',
    eraseYes: 'Usuń wszystko',
    eraseAndMark: 'Usuń i zablokuj',
    eraseNo: 'Zachowaj dane',
    erasing:
      'Usuwamy teraz wszystko. Zachowaj ten link: pokazuje zaświadczenie i tylko Ty możesz wykazać, że dotyczy Ciebie.',
    certificate: 'Zaświadczenie',
    seeData: 'Moje dane',
    yourData:
      'Tu jest wszystko, co jest przechowywane o Tobie na tej stronie, także jako plik. Zachowaj ten link dla siebie.',
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
    askErasure:
      'Artık teklif almayacaksınız. Bu Sayfada hakkınızda tuttuğumuz her şeyi de silelim mi? Bu geri alınamaz. İsterseniz mühürlü tek bir işaret kalır ve siz istemedikçe bu Sayfa size bir daha yazmaz.',
    eraseYes: 'Her şeyi sil',
    eraseAndMark: 'Sil ve engelle',
    eraseNo: 'Verilerimi sakla',
    erasing:
      'Şimdi her şeyi siliyoruz. Bu bağlantıyı saklayın: belgeyi gösterir ve sizinle ilgili olduğunu yalnızca siz gösterebilirsiniz.',
    certificate: 'Belge',
    seeData: 'Verilerim',
    yourData: 'Bu Sayfada hakkınızda saklanan her şey burada, dosya olarak da. Bağlantıyı kimseyle paylaşmayın.',
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
    askErasure:
      'Вы больше не получите предложений. Удалить также всё, что мы храним о вас на этой Странице? Это нельзя отменить. По вашему желанию останется одна запечатанная отметка, и Страница больше никогда не напишет вам, если вы сами не попросите.',
    eraseYes: 'Удалить всё',
    eraseAndMark: 'Удалить и не писать',
    eraseNo: 'Сохранить данные',
    erasing:
      'Мы удаляем всё. Сохраните эту ссылку: она показывает свидетельство, и только вы можете показать, что оно о вас.',
    certificate: 'Свидетельство',
    seeData: 'Мои данные',
    yourData: 'Здесь всё, что хранится о вас на этой Странице, также в виде файла. Никому не передавайте эту ссылку.',
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
    askErasure:
      'Ви більше не отримаєте пропозицій. Видалити також усе, що ми зберігаємо про вас на цій Сторінці? Це не можна скасувати. За вашим бажанням залишиться одна запечатана позначка, і Сторінка більше ніколи вам не напише, якщо ви самі не попросите.',
    eraseYes: 'Видалити все',
    eraseAndMark: 'Видалити й не писати',
    eraseNo: 'Зберегти дані',
    erasing:
      'Ми видаляємо все. Збережіть це посилання: воно показує свідоцтво, і лише ви можете показати, що воно про вас.',
    certificate: 'Свідоцтво',
    seeData: 'Мої дані',
    yourData:
      'Тут усе, що зберігається про вас на цій Сторінці, також у вигляді файлу. Нікому не передавайте це посилання.',
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
    askErasure:
      'لن تصلك عروض بعد الآن. هل نحذف أيضًا كل ما نحتفظ به عنك في هذه الصفحة؟ هذا نهائي. إن شئت تبقى علامة مختومة واحدة، ولن تراسلك هذه الصفحة مجددًا إلا إذا طلبت ذلك.',
    eraseYes: 'حذف كل شيء',
    eraseAndMark: 'حذف وعدم المراسلة',
    eraseNo: 'الاحتفاظ ببياناتي',
    erasing: 'نحذف كل شيء الآن. احتفظ بهذا الرابط: فهو يعرض الشهادة، وأنت وحدك من يستطيع إثبات أنها تخصك.',
    certificate: 'الشهادة',
    seeData: 'بياناتي',
    yourData: 'هنا كل ما يُحفظ عنك في هذه الصفحة، وأيضًا كملف. احتفظ بالرابط لنفسك.',
  },
};

export const REPLY_LANGUAGES = Object.keys(TEXTS);

/** The words for `de_AT`, `de-at` or `de`; English where there are none. */
export const replyTexts = (language: string): ReplyTexts =>
  TEXTS[language.split(/[_-]/)[0]?.toLowerCase() ?? ''] ?? ENGLISH;
