"""Words that make an answer doubtful, words that do not, and how people end a mail. Data only.

Each entry is a regular expression for whole words, in small letters, with ё as е; a space stands for any space.
"""

from __future__ import annotations

CONDITIONS = (
    "if", "only", "unless", "until", "till", "provided", "providing", "assuming", "subject to", "on condition",
    "on the condition", "as long as", "as soon as", "so long as", "in case", "pending", "conditional(?:ly)?", "but",
    "except", "however", "although", "partial(?:ly)?", "partly", "preliminar(?:y|ily)", "provisional(?:ly)?",
    "for now", "not before", "up to", "no more than", "at most", "in principle", "awaiting", "waiting for",
    "with (?:the )?(?:changes?|corrections?|conditions?|reservations?|amendments?|exceptions?)",
    "если", "при услови[ия]", "с условием", "на условиях?", "условно", "только", "лишь", "но", "однако", "кроме",
    "за исключением", "в случае", "как только", "при (?:наличии|получении|предоставлении|подписании|согласовании)",
    "частично", "предварительно", "пока", "не более", "не больше", "в пределах", "в принципе", "в целом",
    "жд(?:у|[её]м)", "ожида(?:ю|ем)", "окончательн\\w{1,3} решени\\w{1,3}", "final (?:decision|approval)",
    "с (?:замечани\\w{1,3}|оговорк\\w{1,3}|изменени\\w{1,3}|правк\\w{1,3}|исправлени\\w{1,3}|уч[её]том)",
    "до тех пор", "though", "хотя", "за вычетом", "сначала", "сперва", "minus", "минус",
    "less (?:the )?(?:vat|tax\\w{0,2})",
    "reduce", "correct (?:the|it|this)", "fix (?:the|it|this)", "change (?:the|it)", "amend", "deduct",
    "exclud(?:e|ed|ing)",
    "исключ(?:ая|ить|ите|ив)", "(?:pause|delay|postpone|suspend|move) (?:the |this )?payment", "перенес(?:ти|ите)",
    "(?:ис)?правьте", "исправ(?:ить|ьте|ив)", "(?:с|от)корректир\\w{1,6}", "измени(?:ть|те)", "уменьши(?:ть|те)",
    "удержа(?:ть|в)", "удержите", "приостанов\\w{1,6}", "отлож\\w{1,5}", "заморо\\w{1,6}",
)  # fmt: skip
"""What makes a decision depend on something, wherever it stands in an answer."""

CONDITIONS_ON_THE_LINE = (
    "after", "when", "once", "upon", "without", "instead", "half", "после", "когда", "при", "без", "вместо",
    "половин\\w{1,2}", "or", "или", "либо", "(?<!оплатить )(?<!оплата )до \\d{1,12}",
    "by (?!me(?!\\w)|myself|post|mail|e-?mail|bank|wire|card)\\w{1,40}",
    "i (?:guess|wish|suppose|think)", "maybe", "perhaps", "probably", "kidding", "joking", "false", "tests?", "must",
    "needs",
    "requires?", "conditions?", "comments?", "remarks?", "замечани\\w{1,3}", "вопрос\\w{0,3}", "требу\\w{2,4}",
    "нуж(?:но|на|ны|ен)",
    "тест", "шучу", "шутка",
    "наверн\\w{1,3}", "вероятно", "возможно", "видимо", "вроде", "кажется", "решайте", "(?!100\\D)\\d{1,3} ?%",
    "о?плат\\w{1,5} в (?:(?:январ|феврал|март|апрел|ма|июн|июл|август|сентябр|октябр|ноябр|декабр)е|следующ\\w{2,3})",
    "pay(?:ment)? (?:it )?in (?:january|february|march|april|may|june|july|august|september|october|november|december)",
    "(?:за)?(?:о?плат\\w{1,5}|pay) \\d{1,3} ?\\d{3}(?: ?\\d{3}){0,3}",
    "что", "check (?:with|the|it|if)", "later", "next (?:week|month|year)", "позже", "потом",
    "провер(?:ьте|ить|им|ю)", "уточн\\w{1,5}", "на сумму", "в сумме", "в размере",
    "по (?:получении|факту|подписании)",
)  # fmt: skip
"""The same, but only beside the keyword: elsewhere they are a remark."""

BESIDE = (
    "please", "pls", "plz", "this", "it", "the", "invoices?", "bill", "payments?", "pay", "paying", "paid", "be", "for",
    "to", "proceed", "go", "ahead", "from", "on", "by", "my", "our", "side", "me", "myself", "us", "as", "in", "with",
    "discussed", "agreed", "requested", "usual", "pleasure", "thanks?", "thx", "many", "you", "all", "full", "fully",
    "looks?", "sounds?", "great", "perfect", "correct", "right", "everything", "urgent", "urgently", "asap", "quickly",
    "again", "too", "also", "today", "now", "hereby", "and", "ok", "okay", "yes", "good", "fine", "work", "job",
    "пожалуйста", "прошу", "спасибо", "благодарю", "счет", "счета", "этот", "данный", "к", "в", "на", "и",
    "оплат[аеуы]", "оплатой", "оплатить", "оплатите", "оплачивайте", "оплачиваем", "платите", "платить", "платим",
    "проводите", "провести", "полностью", "полном", "объеме", "мною", "мной", "со", "с", "от", "моей", "нашей", "своей",
    "стороны", "меня", "работу", "сегодня", "срочно", "да", "ок", "коллеги", "подтверждаю", "как", "обычно",
    "все", "верно", "правильно", "хорошо", "отлично", "нормально", "поддерживаю", "скорее", "быстрее",
    "обсуждали", "договаривались", "радостью", "удовольствием", "тоже", "также", "еще", "раз", "повторно",
)  # fmt: skip
"""Single words that may stand beside the keyword of an approval with nothing between. Any other word may make it the
approval of another thing, of a part, of another day or by another person."""

NEGATIONS = (
    "[👎❌✖✗✘🚫⛔🛑✋≠→]",
    "not", "no", "nope", "never", "none", "cannot", "nothing", "\\w{2,7}n['’`]t", "dont", "cant", "не", "нет",
    "нельзя",
    "никогда", "никак", "ни", "отклон\\w{2,6}", "отказыва\\w{2,4}",
)  # fmt: skip

TAKEN_BACK = (
    "wait", "hold", "on hold", "stop", "cancel(?:led)?", "disregard", "ignore", "by mistake", "my mistake", "oops",
    "подожд\\w{1,4}", "погод\\w{1,4}", "стоп", "отмен\\w{1,6}", "ошибочно", "по ошибке", "ошибся", "ошиблась",
    "передумал\\w?", "отозв\\w{1,4}",
)  # fmt: skip
"""Second thoughts, wherever they stand in an answer."""

ANOTHER = (
    "(?:wrong|another|other) (?:one|invoice|mail|e-?mail|message|thread|letter)", "did not mean", "didn['’]t mean",
    "(?:друго(?:й|го|му|м)|не (?:тот|тому|того|том|про этот|этот)|чужой) (?:счет\\w{0,2}|письм\\w{1,2})", "не туда",
)  # fmt: skip
"""What says of an approval, wherever it stands, that it was meant for something else."""

DEALS_WITH_MONEY = (
    "approv\\w{1,5}", "agree\\w{0,3}", "pa(?:y|id|yment)\\w{0,3}", "sign(?:ed)?", "confirm\\w{0,3}", "ok", "okay",
    "согла[сш]\\w{1,10}", "утвер\\w{1,8}", "одобр\\w{1,8}", "оплат\\w{1,5}", "оплач\\w{1,6}", "плат\\w{1,5}",
    "подпис\\w{1,8}", "подтвер\\w{1,8}", "проводи\\w{1,3}",
)  # fmt: skip
"""Below the line of the keyword a negation counts where it stands in one line with one of these."""

HARMLESS = (
    "(?:no|without) (?:further |other |more |any )?"
    "(?:objections?|issues?|questions?|comments?|problems?|remarks?|concerns?|changes?)",
    "no (?:later|rush|hurry|need(?: to wait)?)", "not (?:urgent|later than)",
    "if (?:you have|there are|you need) (?:any |more |further )?(?:questions?|help|information|details)",
    "(?:let me know|call me|write me|contact me|ask me) if",
    "if (?:anything|something|need(?:ed)?|necessary|possible)", "as soon as (?:possible|you can)",
    "not only", "no\\.? ?\\d{1,20}",
    "(?:без|нет|никаких) (?:замечани[йя]|возражени[йя]|вопросов|претензий|комментари\\w{1,3}|проблем)",
    "(?:замечани[йя]|возражени[йя]|вопросов|претензий|комментариев|проблем) (?:нет|не (?:имею|имеем|имеется|возникло))",
    "не (?:возражаю|против|срочно|позднее|позже|спешите|торопитесь|забудьте)",
    "если (?:будут|есть|возникнут|появятся) (?:\\w{1,12} )?вопросы", "если что",
    "не (?:нужно|надо|стоит) (?:ждать|ожидать)", "потому что", "так что", "что касается",
    "при необходимости", "как только сможете", "вопросы если",
)  # fmt: skip
"""Courtesies that hold words of the tables above and mean none of them."""

ENDINGS = (
    "(?:best|kind|warm|many|with (?:best|kind))? ?(?:regards|wishes)", "sincerely(?: yours)?",
    "yours (?:sincerely|faithfully|truly)", "(?:thanks|thank you) and regards", "respectfully", "rgds",
    "(?:с )?(?:глубоким |большим )?уважением", "с ув\\.?", "с наилучшими(?: пожеланиями)?", "с пожеланиями \\w{1,15}",
    "всего (?:доброго|хорошего)", "хорошего (?:дня|вечера)", "з повагою", "mfg", "gru(?:ß|ss)",
    "(?:mit )?(?:freundlichen|besten|vielen|lieben|herzlichen|schönen) grü(?:ß|ss)en",
    "(?:freundliche|beste|viele|liebe|herzliche|schöne) grü(?:ß|ss)e", "(?:bien )?cordialement", "bien à vous",
    "(?:sincères |meilleures )?salutations", "(?:un )?(?:cordial )?saludos?(?: cordiales)?", "atentamente",
    "(?:cordiali |distinti )?saluti", "cordialmente", "atenciosamente", "(?:melhores )?cumprimentos",
    "(?:met )?(?:vriendelijke|hartelijke) groet(?:en)?", "groet(?:en|jes)", "mvg",
    "z (?:poważaniem|wyrazami szacunku)", "(?:serdecznie )?pozdrawiam(?: serdecznie)?", "pozdrowienia",
    "(?:med )?(?:venlig|vennlig|de bedste|beste) hilsen", "(?:med )?(?:vänliga?|bästa) hälsning(?:ar)?", "hilsen",
    "mvh",
    "hälsningar", "(?:ystävällisin )?terveisin", "s pozdravem", "s pozdravom", "s úctou", "saygılarım(?:la|ızla)",
    "iyi çalışmalar", "üdvözlettel", "tisztelettel", "cu stimă", "lep pozdrav", "lijep pozdrav", "s poštovanjem",
)  # fmt: skip
"""How a sign-off begins; whoever signs may follow on its line or below."""

WEAK_ENDINGS = (
    "best", "cheers", "br", "kr", "vg", "lg", "vh", "thx", "tnx", "(?:many |with )?thanks(?: a lot| in advance)?",
    "thank you(?: very much| in advance)?", "(?:заранее )?(?:большое )?(?:спасибо|благодарю)(?: заранее)?",
    "(?:щиро )?дякую", "danke", "merci", "gracias", "grazie", "obrigad[oa]", "bedankt", "groet", "dziękuję", "tack",
    "tak",
    "kiitos", "děkuji", "teşekkürler",
)  # fmt: skip
"""The same, but people go on after these too: a name must follow."""

SMALL_PRINT = (
    "confidential\\w{0,5}", "intended (?:solely |only )?(?:for|recipient)", "intended recipients?", "disclaimer",
    "privileged",
    "unsubscribe", "virus(?:es|-free)?", "before printing", "конфиденциальн\\w{1,6}", "предназначен\\w{1,3}",
    "адресат\\w{0,3}",
    "распечат\\w{1,8}", "отписаться", "vertraulich\\w{0,3}", "confidentiel\\w{0,3}",
)  # fmt: skip
"""Words of a company's small print; a line with one of them says nothing about the invoice."""

SMALL_PRINT_OPENINGS = (
    "this (?:e-?mail|message|communication|transmission)", "the (?:information|contents?) (?:contained )?in this",
    "disclaimer", "confidentiality (?:notice|note)", "(?:это|данное|настоящее) (?:электронное )?(?:сообщение|письмо)",
    "(?:информация|сведения), содержащ\\w{1,4}", "уведомление о конфиденциальности",
)  # fmt: skip
"""Where a line that begins so is small print, so is the rest of its paragraph."""

DEPENDS_ON = ("if", "unless", "provided", "in case", "если", "при условии", "в случае")
"""A rejection that begins so gives no reason but sets a condition."""

GIVES_A_REASON = (
    "because", "since", "due to", "as", "так как", "т\\.? ?к\\.?", "потому что", "из-за", "по причине", "ввиду",
    "в связи", "поскольку",
)  # fmt: skip

POSTSCRIPT = ("p\\.? ?s\\.?", "post ?script(?:um)?", "з\\.? ?ы\\.?", "п\\.? ?с\\.?", "upd")

PLACEHOLDERS = frozenset({"reason", "причина", "text", "текст"})
"""What our requests show where a reason or a question belongs."""
