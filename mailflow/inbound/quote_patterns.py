"""How mail programs introduce what they quote and sign, in the languages that their users meet. Data only.

Everything is compared without regard to case. `{label: kind}` and tuples of words; the patterns are built in `quoting`.
"""

from __future__ import annotations

WROTE = (
    "wrote", "writes", "написал", "написала", "написали", "написал(а)", "пишет", "пишут", "писал", "писала", "писали",
    "писал(а)", "сообщил", "сообщает", "написав", "пише", "напісаў", "a écrit", "écrit", "schrieb", "schreibt",
    "geschrieben", "schreef", "ha scritto", "scrive", "escribió", "escribe", "va escriure", "escreveu", "skrev",
    "napisał", "napisała", "napisał(a)", "kirjoitti", "írta", "napsal", "napsala", "napsal(a)", "napísal", "a scris",
    "pisze", "napisal", "napisala", "napisal(a)", "napisao/la", "je napisala", "je napisao", "kirjoittaa",
    "yazdı", "έγραψε", "rašė", "rakstīja", "kirjutas", "napisao", "је написао", "написа",
    "كتب", "كتبت", "كتب/كتبت", "כתב", "כתב/ה",
)  # fmt: skip

OPENINGS = (
    "on", "at", "в", "во", "вы писали", "le", "am", "op", "il", "in data", "el", "em", "a", "den", "dnia", "w dniu",
    "dne", "dňa", "az", "pe", "la", "dana", "на", "у", "you wrote",
)  # fmt: skip
"""Words that an attribution line may begin with before its date."""

CALENDAR_WORDS = (
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
    "mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri", "sat", "sun",
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec",
    "понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье", "среду", "пятницу", "субботу",
    "пн", "вт", "ср", "чт", "пт", "сб", "вс", "неділя", "понеділок", "вівторок", "середа", "п'ятниця",
    "montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag", "mo", "di", "mi", "do", "fr",
    "sa",
    "so", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche", "lun", "mar", "mer", "jeu", "ven",
    "sam", "dim", "lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica", "gio", "sab", "dom",
    "lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo", "mié", "jue", "vie", "sáb",
    "segunda-feira", "terça-feira", "quarta-feira", "quinta-feira", "sexta-feira", "seg", "ter", "qua", "qui", "sex",
    "maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag", "ma", "wo", "vr", "za", "zo",
    "mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag", "måndag", "tisdag", "lördag", "söndag",
    "man", "tir", "ons", "tor", "tors", "tis", "lør", "søn", "ti", "ke", "to", "su",
    "poniedziałek", "wtorek", "środa", "czwartek", "piątek", "sobota", "niedziela", "pon", "wt", "śr", "czw", "pt",
    "sob", "niedz", "pondělí", "úterý", "středa", "čtvrtek", "pátek", "neděle", "po", "út", "st", "čt", "pá", "ne",
)  # fmt: skip

HEADER_LABELS = {
    "from": (
        "from", "от", "от кого", "отправитель", "від", "від кого", "von", "de", "van", "da", "fra", "från", "od",
        "lähettäjä", "feladó", "expéditeur", "remitente", "kimden", "gönderen", "de la", "кімнен",
        "šalje", "pošiljatelj", "saatja", "kellelt", "nuo", "no", "שם השולח", "מאת", "من", "dari", "寄件者", "寄件人",
        "από", "发件人", "差出人", "보낸 사람",
    ),
    "date": (
        "sent", "date", "sent on", "отправлено", "дата", "дата отправки", "надіслано", "gesendet", "datum", "envoyé",
        "envoyé le", "message du", "date d'envoi", "verzonden", "inviato", "data", "fecha", "enviado", "enviado el",
        "enviada em", "enviado em", "sendt", "dato", "skickat", "wysłano", "wysłane", "lähetetty", "päiväys",
        "elküldve",
        "dátum", "odesláno", "odoslané", "gönderildi", "tarih", "trimis",
        "gönderilme", "poslano", "saadetud", "išsiųsta", "nosūtīts", "נשלח", "dikirim", "enviat", "寄件日期",
        "보낸 날짜", "日期", "日時", "отправленные", "відправлено",
        "изпратено", "жіберілді", "στάλθηκε", "发送时间", "送信日時",
    ),
    "to": (
        "to", "кому", "an", "à", "a", "aan", "para", "per", "til", "till", "do", "vastaanottaja", "címzett", "komu",
        "pro", "kime", "către", "до", "кімге", "προς",
        "destinataire", "destinatario", "destinatário", "получатель", "alıcı", "prima", "za", "kellele", "kam", "אל",
        "إلى", "kepada", "收件人", "收件者", "宛先", "받는 사람",
    ),
    "cc": ("cc", "copy", "копия", "копія", "kopie", "copie", "copie à", "copia", "kopi", "kopia", "kopio", "抄送"),
    "subject": (
        "subject", "тема", "betreff", "objet", "sujet", "onderwerp", "oggetto", "asunto", "assunto", "emne", "ämne",
        "temat", "aihe", "tárgy", "předmět", "predmet", "konu", "subiect", "относно", "тақырып", "θέμα",
        "zadeva", "teema", "tēma", "נושא", "الموضوع", "subjek", "assumpte", "主题", "主旨", "件名", "제목",
    ),
}  # fmt: skip
"""Labels of the header block that stands above a quotation in Outlook's way, by what they label."""

ORIGINAL_MESSAGE = (
    "original message", "reply message", "original appointment", "original e-mail", "original email",
    "исходное сообщение", "исходное письмо", "первоначальное сообщение",
    "оригинальное сообщение", "вихідне повідомлення", "оригінальне повідомлення", "початкове повідомлення",
    "ursprüngliche nachricht", "originalnachricht",
    "original-nachricht", "antwort nachricht", "ursprüngliche mail",
    "message d'origine", "message original", "message initial", "mail original", "e-mail d'origine",
    "oorspronkelijk bericht", "origineel bericht", "messaggio originale",
    "mensaje original", "mensagem original", "oprindelig besked", "oprindelig meddelelse", "opprinnelig melding",
    "original melding", "ursprungligt meddelande", "originalmeddelande", "wiadomość oryginalna",
    "oryginalna wiadomość",
    "alkuperäinen viesti", "eredeti üzenet", "původní zpráva", "původní e-mail", "pôvodná správa", "orijinal mesaj",
    "orijinal ileti", "mesaj original", "izvorna poruka", "izvirno sporočilo", "algne kiri", "原始邮件", "原始郵件",
    "元のメッセージ", "원본 메시지", "αρχικό μήνυμα", "оригинално съобщение", "оригинална порука",
)  # fmt: skip

FORWARDED_MESSAGE = (
    "forwarded message", "forwarded by", "begin forwarded message", "пересылаемое сообщение", "пересланное сообщение",
    "переадресованное сообщение", "перенаправленное сообщение", "начало переадресованного сообщения",
    "начало пересылаемого сообщения", "переслане повідомлення", "weitergeleitete nachricht",
    "anfang der weitergeleiteten nachricht", "message transféré", "message transmis", "doorgestuurd bericht",
    "messaggio inoltrato", "inizio messaggio inoltrato", "mensaje reenviado", "mensagem encaminhada",
    "videresendt besked", "videresendt melding", "vidarebefordrat meddelande", "wiadomość przekazana",
    "przekazana wiadomość", "välitetty viesti", "továbbított üzenet", "přeposlaná zpráva", "preposlaná správa",
    "iletilen mesaj", "yönlendirilen ileti", "转发邮件", "轉寄的郵件",
    "mesaj redirecționat", "препратено съобщение", "proslijeđena poruka", "missatge reenviat",
)  # fmt: skip

SENT_WITH = (
    "sent from", "sent with", "sent via", "sent using", "get outlook for",
    "отправлено с", "отправлено со", "отправлено из",
    "отправлено от", "отправлено через", "отправлено в", "отправлено мобильной", "послано с", "надіслано з",
    "gesendet von", "gesendet mit", "von meinem", "holen sie sich outlook", "envoyé de", "envoyé depuis",
    "envoyé à partir", "envoyé avec", "obtenir outlook", "obtenez outlook", "télécharger outlook", "inviato da",
    "inviato con", "scarica outlook", "ottieni outlook", "enviado desde", "enviado do", "enviado de",
    "enviado a partir",
    "obtener outlook", "obter o outlook", "verzonden vanaf", "verzonden met", "verstuurd vanaf", "outlook voor",
    "sendt fra", "skickat från", "skickades från", "hämta outlook", "hent outlook", "wysłane z", "wysłano z",
    "lähetetty", "odesláno z", "odoslané z", "telefonomról", "скачать outlook", "получить outlook", "outlook для",
    "outlook dla", "inviato dal", "inviato dalla", "verzonden vanuit", "enviat des", "poslano s mog", "trimis de pe",
    "poslané z", "wysłane przez", "wysłano przez", "надіслано через", "надіслано зі", "отправлено с помощью",
    "отправлено при помощи", "outlook für", "outlook pour",
    "أُرسلت من", "أرسلت من", "تم الإرسال من", "נשלח מה", "送信元",
)  # fmt: skip
"""What a mail program or telephone signs with."""

DEVICES = (
    "iphone", "ipad", "android", "samsung", "galaxy", "huawei", "honor", "xiaomi", "redmi", "blackberry", "nokia",
    "windows phone", "outlook", "k-9 mail", "mobile device", "mobile phone", "cell phone", "smartphone", "smartphones",
    "telephone", "handy", "mobilgerät", "mobiltelefon", "телефона", "смартфона", "айфона", "планшета", "мобильного",
    "мобильного устройства", "мобильный", "мобільного", "телефону", "mobile", "phone",
)  # fmt: skip
SENT_LAST = (
    "gesendet", "gönderildi", "gönderilmiştir", "送信", "发送", "發送", "傳送", "보냄", "küldve",
    "verzonden", "verstuurd", "wysłane", "wysłano", "odesláno", "sendt", "skickat", "verfasst",
)  # fmt: skip
"""Languages that put 'sent' behind the telephone."""

WRITTEN_ON = (
    "написано с", "написано со", "набрано на", "набрано с", "создано в", "создано на", "сообщение отправлено с",
    "письмо отправлено с", "это сообщение отправлено с", "это письмо отправлено с",
    "elküldve az", "typed on", "typed from", "written on", "composed on", "this message was sent from",
    "this email was sent from", "this mail was sent from",
    "diese nachricht wurde von", "diese nachricht wurde mit", "diese mail wurde von",
)  # fmt: skip
"""The same, where only what is named behind it tells a telephone from anything else."""

EXCUSES = (
    "please excuse my brevity", "please excuse the brevity", "excuse my brevity", "please excuse brevity",
    "please excuse any typos", "please excuse typos", "excuse typos", "excuse any typos", "please forgive typos",
    "please forgive any typos", "pardon my brevity", "sorry for typos", "sorry for the brevity",
    "извините за краткость", "простите за краткость", "прошу прощения за краткость", "извините за опечатки",
    "простите за опечатки", "возможны опечатки", "вибачте за стислість", "bitte entschuldigen sie die kürze",
    "bitte entschuldigen sie meine kürze", "entschuldigen sie bitte die kürze", "veuillez excuser ma brièveté",
)  # fmt: skip

GET = (
    "get", "download", "получить", "скачать", "скачайте", "загрузите", "завантажте", "отримати", "pobierz", "holen sie",
    "téléchargez", "télécharger", "obtenez", "obtenir", "obtener", "obtenga", "descargar", "obter", "obtenha",
    "ottieni", "scarica", "download de", "hämta", "hent", "laden sie", "stáhnout", "stáhněte",
)  # fmt: skip
FOR = ("for", "для", "dla", "für", "pour", "para", "per", "voor", "til", "för", "pro")
"""'Get <program> for <system>'."""

WARNING_WORDS = (
    "caution", "warning", "attention", "notice", "important", "external", "this", "the", "e-mail", "email", "message",
    "mail", "sender", "is", "has", "was", "внимание", "осторожно", "предупреждение", "это", "данное", "письмо",
    "сообщение", "achtung", "vorsicht", "hinweis", "diese", "nachricht",
)  # fmt: skip
"""What may stand before the words of a warning."""

WARNINGS = (
    "originated from outside", "originated outside", "came from outside", "comes from outside", "sent from outside",
    "sent from an external", "from an external sender", "from an external source", "from an external",
    "an external email", "an external e-mail", "external email:", "external sender:",
    "you don't often get email from", "you don't often receive email from",
    "some people who received this message don't", "вы не часто получаете", "вы нечасто получаете",
    "вы редко получаете", "от внешнего отправителя", "получено от внешнего", "отправлено внешним",
    "пришло извне", "внешняя почта:", "внешнее письмо:", "внешний отправитель:", "stammt von außerhalb",
    "von einem externen absender",
    "begin pgp signed message", "sie erhalten nicht oft", "sie erhalten nicht häufig", "vous n'obtenez pas souvent",
    "vous ne recevez pas souvent",
)  # fmt: skip
"""What mail servers put above a mail from elsewhere."""

INTRODUCING = ("original message processed by david", "message du")
QUOTING = ("quoting", "zitat von", "citation de", "citando", "цитирую", "cytowanie", "cituji", "citeren van")
"""What stands at the beginning of a line that introduces a quotation, with no date or nothing but one behind it."""

SALUTATIONS = (
    "hi", "hello", "hey", "dear", "greetings", "good morning", "good afternoon", "good evening", "good day",
    "коллеги", "уважаемые коллеги", "уважаемый", "уважаемая", "уважаемые", "добрый день", "добрый вечер",
    "доброе утро", "доброго дня", "доброго времени суток", "день добрый", "здравствуйте", "здравствуй", "приветствую",
    "привет", "всем привет", "всем добрый день",
)  # fmt: skip

ADDRESSED = ("team", "all", "everyone", "everybody", "there", "folks", "colleagues", "guys", "коллеги", "всем")
"""Whom a salutation may greet other than by name."""

QUOTED_ELEMENTS = (
    "blockquote", "*.yahoo_quoted", "*.protonmail_quote", "*.mail-quote-collapse", "*.zmail_extra",
    "*.moz-forward-container", "*.ms-outlook-mobile-reference-message", "*.tutanota_quote", "*.gmail_attr",
    "*#OLK_SRC_BODY_SECTION", "*#mail-editor-reference-message-container", "*#isForwardContent", "*#isReplyContent",
)  # fmt: skip
"""Elements that hold nothing but a quotation: `tag`, `*.class` or `*#id`."""

QUOTED_FROM_HERE = ("*#divRplyFwdMsg", "*#appendonsend", "*#stopSpelling", "*#zwchr")
"""Elements after which everything is a quotation."""

SIGNATURE_NAME = "signature"
"""A part of the class or the id of an element that a program puts a signature into."""

SIGNATURE_SECTIONS = ("messageSignatureSection",)
"""Names of elements that hold a signature."""

QUOTED_SECTIONS = ("messageReplySection", "quote")
"""Names of elements that hold a quotation."""
