const list = (words: string): readonly string[] => words.split(',').map((word) => word.trim());

/** Phrases that ask for erasure, by language; as they are, with no polite words around but those that stand in them. */
export const ERASURE_WORDS: Readonly<Record<string, readonly string[]>> = {
  en: list(
    'delete, erase, delete everything, erase everything, please delete everything, delete please, please delete, erase me, delete me, please delete me, please erase me, forget me, please forget me, erase my data, please erase my data, erase all my data, please erase all my data, delete my data, please delete my data, delete my data please, delete all my data, please delete all my data, remove my data, please remove my data, remove my data please, remove all my data, please remove all my data, delete my personal data, please delete my personal data, erase my personal data, remove my personal data, delete my information, please delete my information',
  ),
  es: list(
    'borrar, borrar todo, borra todo, borrar mis datos, borra mis datos, borre mis datos, borren mis datos, por favor borra mis datos, por favor borre mis datos, por favor borren mis datos, borrar todos mis datos, borra todos mis datos, borren todos mis datos, eliminar mis datos, elimina mis datos, elimine mis datos, eliminen mis datos, por favor elimina mis datos, por favor elimine mis datos, por favor eliminen mis datos, eliminar todos mis datos, eliminen todos mis datos',
  ),
  pt: list(
    'apagar, apagar tudo, apague tudo, apagar meus dados, apagar os meus dados, apague meus dados, apague os meus dados, apaguem os meus dados, por favor apague meus dados, por favor apague os meus dados, apagar todos os meus dados, apague todos os meus dados, excluir meus dados, excluir os meus dados, exclua meus dados, exclua os meus dados, por favor exclua meus dados, por favor exclua os meus dados, eliminar os meus dados, elimine os meus dados, por favor elimine os meus dados',
  ),
  fr: list(
    "supprimer, tout supprimer, supprimer mes données, supprimez mes données, supprime mes données, supprimer toutes mes données, supprimez toutes mes données, veuillez supprimer mes données, merci de supprimer mes données, supprimez mes données s'il vous plaît, supprime mes données s'il te plaît, supprimez mes données svp, effacer mes données, effacez mes données, efface mes données, veuillez effacer mes données, merci d'effacer mes données",
  ),
  de: list(
    'löschen, loeschen, bitte löschen, bitte loeschen, alles löschen, alles loeschen, bitte alles löschen, lösche alles, daten löschen, daten loeschen, bitte daten löschen, alle daten löschen, meine daten löschen, meine daten loeschen, alle meine daten löschen, bitte meine daten löschen, meine daten bitte löschen, bitte alle meine daten löschen, lösche meine daten, loesche meine daten, lösch meine daten, bitte lösche meine daten, bitte lösch meine daten, lösche bitte meine daten, lösche alle meine daten, löscht meine daten, bitte löscht meine daten, löschen sie meine daten, loeschen sie meine daten, bitte löschen sie meine daten, bitte loeschen sie meine daten, löschen sie bitte meine daten, löschen sie alle meine daten, bitte löschen sie alle meine daten',
  ),
  it: list(
    'cancella tutto, cancella i miei dati, cancellare i miei dati, cancellate i miei dati, per favore cancella i miei dati, per favore cancellate i miei dati, cancella tutti i miei dati, cancellate tutti i miei dati, elimina i miei dati, eliminare i miei dati, eliminate i miei dati, per favore elimina i miei dati, per favore eliminate i miei dati, elimina tutti i miei dati',
  ),
  nl: list(
    'verwijderen, alles verwijderen, verwijder alles, verwijder mijn gegevens, mijn gegevens verwijderen, verwijder alsjeblieft mijn gegevens, verwijder alstublieft mijn gegevens, verwijder mijn gegevens alsjeblieft, verwijder mijn gegevens alstublieft, verwijder al mijn gegevens, wis mijn gegevens, wis al mijn gegevens',
  ),
  sv: list(
    'radera mina uppgifter, radera alla mina uppgifter, radera mina data, snälla radera mina uppgifter, vänligen radera mina uppgifter, ta bort mina uppgifter, ta bort alla mina uppgifter, vänligen ta bort mina uppgifter',
  ),
  da: list(
    'slet mine data, slet alle mine data, slet mine oplysninger, slet alle mine oplysninger, slet venligst mine data, venligst slet mine data, slet venligst mine oplysninger',
  ),
  nb: list(
    'slett mine data, slett alle mine data, slett dataene mine, slett alle dataene mine, vennligst slett mine data, vennligst slett dataene mine',
  ),
  fi: list('poista tietoni, poista kaikki tietoni, poistakaa tietoni, poistakaa kaikki tietoni'),
  pl: list(
    'usuń, usuń wszystko, usuń moje dane, usuńcie moje dane, usunąć moje dane, proszę usuń moje dane, proszę usunąć moje dane, proszę o usunięcie moich danych, usuń wszystkie moje dane, proszę usunąć wszystkie moje dane',
  ),
  cs: list(
    'smazat moje údaje, smaž moje údaje, smažte moje údaje, prosím smažte moje údaje, smažte prosím moje údaje, smažte všechny moje údaje',
  ),
  sk: list(
    'vymazať moje údaje, vymaž moje údaje, vymažte moje údaje, prosím vymažte moje údaje, vymažte prosím moje údaje, vymažte všetky moje údaje',
  ),
  hu: list(
    'töröld az adataimat, törölje az adataimat, töröljék az adataimat, kérlek töröld az adataimat, kérem törölje az adataimat, kérem töröljék az adataimat, töröld az összes adatomat, törölje az összes adatomat',
  ),
  ro: list(
    'șterge datele mele, ștergeți datele mele, te rog șterge datele mele, vă rog ștergeți datele mele, șterge toate datele mele, ștergeți toate datele mele',
  ),
  bg: list(
    'изтрий данните ми, изтрийте данните ми, моля изтрий данните ми, моля изтрийте данните ми, изтрийте всички мои данни',
  ),
  el: list(
    'διαγραφή των δεδομένων μου, διάγραψε τα δεδομένα μου, διαγράψτε τα δεδομένα μου, παρακαλώ διαγράψτε τα δεδομένα μου, διαγράψτε όλα τα δεδομένα μου',
  ),
  hr: list('izbriši moje podatke, izbrišite moje podatke, molim izbrišite moje podatke, obrišite moje podatke'),
  ru: list(
    'удалить, удалить всё, удалить мои данные, удали мои данные, удалите мои данные, пожалуйста удалите мои данные, удалите пожалуйста мои данные, удалите мои данные пожалуйста, прошу удалить мои данные, удалить все мои данные, удалите все мои данные, сотрите мои данные',
  ),
  uk: list(
    'видалити, видалити все, видалити мої дані, видали мої дані, видаліть мої дані, будь ласка видаліть мої дані, видаліть будь ласка мої дані, прошу видалити мої дані, видалити всі мої дані, видаліть всі мої дані, видаліть усі мої дані',
  ),
  tr: list(
    'verilerimi sil, verilerimi silin, lütfen verilerimi sil, lütfen verilerimi silin, her şeyi sil, tüm verilerimi sil, tüm verilerimi silin, lütfen tüm verilerimi silin, bütün verilerimi silin',
  ),
  ar: list(
    'احذف بياناتي, احذفوا بياناتي, حذف بياناتي, من فضلك احذف بياناتي, من فضلكم احذفوا بياناتي, أرجو حذف بياناتي, الرجاء حذف بياناتي, احذف كل بياناتي, احذفوا كل بياناتي, حذف كل بياناتي, حذف جميع بياناتي, امسح بياناتي',
  ),
  he: list(
    'מחק את הנתונים שלי, מחקו את הנתונים שלי, למחוק את הנתונים שלי, בבקשה מחקו את הנתונים שלי, נא למחוק את הנתונים שלי, מחקו את כל הנתונים שלי, מחק את המידע שלי, מחקו את המידע שלי, נא למחוק את המידע שלי',
  ),
  fa: list(
    'داده های من را حذف کن, داده های من را حذف کنید, لطفا داده های من را حذف کنید, اطلاعات من را حذف کن, اطلاعات من را حذف کنید, لطفا اطلاعات من را حذف کنید, اطلاعات من را پاک کنید, لطفا اطلاعات من را پاک کنید',
  ),
  hi: list(
    'मेरा डेटा हटाएं, मेरा डेटा हटाओ, मेरा डेटा हटा दें, कृपया मेरा डेटा हटाएं, मेरा सारा डेटा हटाएं, मेरा डेटा डिलीट करें, मेरा डेटा डिलीट करो, कृपया मेरा डेटा डिलीट करें',
  ),
  bn: list(
    'আমার ডেটা মুছুন, আমার ডেটা মুছে ফেলুন, দয়া করে আমার ডেটা মুছুন, দয়া করে আমার ডেটা মুছে ফেলুন, আমার সব ডেটা মুছে ফেলুন, আমার তথ্য মুছে ফেলুন, আমার ডেটা ডিলিট করুন',
  ),
  ur: list(
    'میرا ڈیٹا حذف کریں, میرا ڈیٹا حذف کر دیں, براہ کرم میرا ڈیٹا حذف کریں, میرا تمام ڈیٹا حذف کریں, میرا ڈیٹا ڈیلیٹ کریں',
  ),
  id: list('hapus data saya, tolong hapus data saya, mohon hapus data saya, hapus semua data saya'),
  ms: list('padam data saya, padamkan data saya, tolong padam data saya, sila padam data saya, padam semua data saya'),
  tl: list('burahin ang data ko, pakibura ang data ko, burahin ninyo ang data ko, burahin ang lahat ng data ko'),
  vi: list(
    'xóa dữ liệu của tôi, xoá dữ liệu của tôi, hãy xóa dữ liệu của tôi, xin hãy xóa dữ liệu của tôi, vui lòng xóa dữ liệu của tôi, vui lòng xoá dữ liệu của tôi, xóa hết dữ liệu của tôi, xóa tất cả dữ liệu của tôi',
  ),
  th: list(
    'ลบข้อมูลของฉัน, ลบข้อมูลของผม, กรุณาลบข้อมูลของฉัน, โปรดลบข้อมูลของฉัน, ช่วยลบข้อมูลของฉัน, ช่วยลบข้อมูลของฉันด้วย, ลบข้อมูลของฉันทั้งหมด, ลบข้อมูลทั้งหมดของฉัน',
  ),
  ja: list(
    'データを削除, データを削除してください, データを消してください, 私のデータを削除, 私のデータを削除して, 私のデータを削除してください, 私のデータを消してください, 私のデータをすべて削除してください, 個人情報を削除してください, 私の個人情報を削除してください',
  ),
  ko: list(
    '내 데이터 삭제, 내 데이터를 삭제해 줘, 내 데이터를 삭제해 주세요, 내 데이터 삭제해 주세요, 내 데이터를 삭제해주세요, 내 데이터 삭제해주세요, 제 데이터를 삭제해 주세요, 제 데이터를 삭제해주세요, 내 정보를 삭제해 주세요, 제 정보를 삭제해 주세요, 제 개인정보를 삭제해 주세요',
  ),
  'zh-Hans': list(
    '删除我的数据, 请删除我的数据, 删除我的所有数据, 请删除我的所有数据, 删除我所有的数据, 请删除我所有的数据, 删除我的个人信息, 请删除我的个人信息, 删除我的信息, 请删除我的信息',
  ),
  'zh-Hant': list(
    '刪除我的資料, 請刪除我的資料, 刪除我的所有資料, 請刪除我的所有資料, 刪除我所有的資料, 請刪除我所有的資料, 刪除我的個人資料, 請刪除我的個人資料',
  ),
};
