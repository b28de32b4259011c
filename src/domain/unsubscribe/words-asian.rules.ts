import type { LanguageWords } from './words.types';

const list = (words: string): readonly string[] => words.split(',').map((word) => word.trim());

/** Languages of the Middle East, south, south-east and east Asia. */
export const ASIAN_WORDS: readonly LanguageWords[] = [
  {
    language: 'ar',
    stop: list(
      'توقف, توقفوا, أوقف, أوقفوا, إيقاف, قف, وقف, إلغاء الاشتراك, ألغ الاشتراك, ألغوا اشتراكي, إلغاء اشتراكي, إيقاف الرسائل, أوقفوا الرسائل, لا ترسلوا, لا أريد رسائل, كفى',
    ),
    start: list('ابدأ, بدء, اشترك, اشتراك, إعادة الاشتراك'),
    polite: list('من فضلك, من فضلكم, لو سمحت, رجاء, رجاءً, أرجوك, الآن, فورا, شكرا'),
  },
  {
    language: 'he',
    stop: list(
      'עצור, עצרו, הפסק, הפסיקו, להפסיק, תפסיק, תפסיקו, הסר, הסרה, להסרה, להסיר, הסר אותי, הסירו אותי, ביטול הרשמה, בטל הרשמה, בטל מנוי, ביטול מנוי, סטופ, די להודעות',
    ),
    start: list('התחל, הרשם, הירשם, להירשם, הרשמה מחדש'),
    polite: list('בבקשה, אנא, עכשיו, מיד, תודה'),
  },
  {
    language: 'fa',
    stop: list(
      'توقف, متوقف کن, متوقف کنید, لغو, لغو اشتراک, لغو عضویت, بس کن, بس کنید, نفرست, نفرستید, پیام نفرستید, دیگر پیام نفرستید, انصراف',
    ),
    start: list('شروع, شروع کن, اشتراک, مشترک شدن, عضو شدن'),
    polite: list('لطفا, لطفاً, خواهشا, الان, فورا, ممنون, متشکرم'),
  },
  {
    language: 'hi',
    stop: list(
      'स्टॉप, रोकें, रोको, रोक दो, बंद करें, बंद करो, बन्द करो, बंद कर दो, बंद कीजिए, मैसेज बंद करो, मैसेज बंद करें, संदेश बंद करें, अनसब्सक्राइब, अनसब्सक्राइब करें, सदस्यता समाप्त करें, सदस्यता रद्द करें, मत भेजो, band karo, band karen, message band karo',
    ),
    start: list('स्टार्ट, शुरू, शुरू करें, शुरू करो, शुरु करें, सब्सक्राइब, सब्सक्राइब करें, सदस्यता लें'),
    polite: list('कृपया, प्लीज, प्लीज़, अभी, तुरंत, धन्यवाद, शुक्रिया'),
  },
  {
    language: 'bn',
    stop: list(
      'স্টপ, বন্ধ করুন, বন্ধ করো, বন্ধ কর, বন্ধ করে দিন, থামুন, থামো, থামান, আনসাবস্ক্রাইব, আনসাবস্ক্রাইব করুন, সাবস্ক্রিপশন বাতিল, সাবস্ক্রিপশন বাতিল করুন, মেসেজ বন্ধ করুন, আর মেসেজ পাঠাবেন না',
    ),
    start: list('স্টার্ট, শুরু, শুরু করুন, শুরু করো, সাবস্ক্রাইব, সাবস্ক্রাইব করুন'),
    polite: list('দয়া করে, প্লিজ, প্লীজ, অনুগ্রহ করে, এখন, এখনই, ধন্যবাদ'),
  },
  {
    language: 'ur',
    stop: list(
      'اسٹاپ, سٹاپ, روکیں, روکو, بند کرو, بند کریں, بند کر دیں, پیغامات بند کریں, میسج بند کریں, ان سبسکرائب, ان سبسکرائب کریں, سبسکرپشن ختم کریں, رکنیت ختم کریں',
    ),
    start: list('اسٹارٹ, شروع, شروع کریں, شروع کرو, سبسکرائب, سبسکرائب کریں'),
    polite: list('براہ کرم, براہ مہربانی, مہربانی, پلیز, ابھی, فورا, شکریہ'),
  },
  {
    language: 'id',
    stop: list(
      'berhenti, hentikan, stop pesan, berhenti langganan, berhenti berlangganan, batal langganan, batalkan langganan, unreg, jangan kirim lagi, jangan kirim pesan lagi, tidak mau pesan lagi',
    ),
    start: list('mulai, langganan, berlangganan, berlangganan lagi'),
    polite: list('tolong, mohon, ya, dong, sekarang, terima kasih, makasih'),
  },
  {
    language: 'ms',
    stop: list(
      'berhenti, henti, hentikan, henti langganan, berhenti melanggan, batal langganan, batalkan langganan, nyahlanggan, jangan hantar lagi, jangan hantar mesej lagi',
    ),
    start: list('mulakan, langgan, melanggan, langgan semula'),
    polite: list('tolong, sila, ya, sekarang, terima kasih'),
  },
  {
    language: 'tl',
    stop: list(
      'tigil, itigil, itigil mo, itigil ninyo, ihinto, hinto, tumigil, tumigil ka, tama na, mag-unsubscribe, i-unsubscribe, i-unsubscribe ako, itigil ang mensahe, itigil ang mga mensahe, huwag nang magpadala',
    ),
    start: list('simulan, magsimula, umpisahan, mag-subscribe'),
    polite: list('pakiusap, please, po, na po, na, ngayon, salamat'),
  },
  {
    language: 'vi',
    stop: list(
      '=dừng, =dừng lại, =ngừng, =ngưng, =dừng gửi tin, =ngừng gửi tin, =ngừng nhận tin, =đừng gửi nữa, =đừng nhắn nữa, hủy đăng ký, huỷ đăng ký, hủy đăng kí, hủy theo dõi, không nhận tin nữa',
    ),
    start: list('bắt đầu, đăng ký, đăng kí, đăng ký lại'),
    polite: list('làm ơn, xin, xin hãy, hãy, vui lòng, đi, nhé, ngay, cảm ơn'),
  },
  {
    language: 'th',
    stop: list(
      'หยุด, หยุดส่ง, หยุดส่งข้อความ, เลิกส่ง, เลิกส่งข้อความ, ยกเลิก, ยกเลิกการสมัคร, ยกเลิกสมาชิก, ยกเลิกการติดตาม, ยกเลิกรับข้อความ, ยกเลิกรับข่าวสาร, เลิกรับข่าวสาร, เลิกติดตาม, ไม่รับข้อความ, ไม่รับข่าวสาร',
    ),
    start: list('เริ่ม, เริ่มต้น, สมัคร, สมัครสมาชิก, สมัครรับข่าวสาร'),
    polite: list('ขอ, โปรด, กรุณา, ช่วย, ครับ, ค่ะ, คะ, ที, หน่อย, ด้วย, เดี๋ยวนี้, นะ, ขอบคุณ'),
    isJoined: true,
  },
  {
    language: 'ja',
    stop: list(
      'ストップ, 停止, 配信停止, メッセージ停止, 止めて, やめて, 送らないで, もう送らないで, 解除, 登録解除, 購読解除, 配信解除, 退会, 停止する, 解除する',
    ),
    start: list('スタート, 開始, 購読, 購読する, 登録する, 再開, 配信再開'),
    polite: list(
      'して, ください, 下さい, してください, して下さい, お願いします, おねがいします, をお願いします, を希望します, 希望, です, 今すぐ, すぐに, どうか',
    ),
    isJoined: true,
  },
  {
    language: 'ko',
    stop: list(
      '스톱, 스탑, 중지, 정지, 중단, 그만, 그만해, 그만 보내, 멈춰, 수신거부, 수신 거부, 구독취소, 구독 취소, 구독해지, 구독 해지, 해지, 탈퇴',
    ),
    start: list('스타트, 시작, 구독, 구독하기, 구독 신청, 다시 구독, 수신동의, 수신 동의'),
    polite: list(
      '제발, 좀, 이제, 지금, 요, 주세요, 해주세요, 해 주세요, 하세요, 세요, 부탁해요, 부탁드립니다, 할게요, 합니다',
    ),
    isJoined: true,
  },
  {
    language: 'zh-Hans',
    stop: list(
      '停止, 停, 退订, td, 取消订阅, 停止订阅, 停止发送, 取消关注, 拒收, 别发了, 别再发了, 不要发了, 不要再发, 不要再发了, 不想再收到消息',
    ),
    start: list('开始, 订阅, 我要订阅, 重新订阅, 恢复订阅, 开始订阅'),
    polite: list('请, 请你, 麻烦, 拜托, 我要, 我想, 现在, 立即, 马上, 谢谢, 吧'),
    isJoined: true,
  },
  {
    language: 'zh-Hant',
    stop: list(
      '停止, 停, 退訂, 取消訂閱, 停止訂閱, 停止發送, 取消追蹤, 拒收, 別發了, 別再發了, 不要發了, 不要再發, 不要再發了, 別再傳了, 不要再傳了',
    ),
    start: list('開始, 訂閱, 我要訂閱, 重新訂閱, 恢復訂閱, 開始訂閱'),
    polite: list('請, 請你, 麻煩, 拜託, 我要, 我想, 現在, 立即, 馬上, 謝謝, 吧'),
    isJoined: true,
  },
];
