"""What the wizard says, in both languages."""

from __future__ import annotations

from mailflow.settings import Language

TEXTS: dict[Language, dict[str, str]] = {
    "en": {
        "welcome": "mailflow asks what it has to know, tries it, and writes {file}. Enter takes what stands in"
        " brackets, < goes a question back, Ctrl-C ends it and nothing is written.",
        "exists": "{file} is there already, and nothing is overwritten. Name another file with --settings FILE, or move"
        " it away.",
        "cannot_write": "{file} cannot be written ({why}). Nothing was written.",
        "ended": "Ended; nothing was written.",
        "yes_or_no": "Answer y or n.",
        "choose": "Answer one of: {choices}.",
        "ask_address": "Address of the shared mailbox that invoices are mailed to",
        "bad_address": "“{typed}” is no e-mail address. Give it alone, in Latin letters, such as finance@example.com.",
        "mailbox_itself": "{typed} is the shared mailbox itself. Give a person's own address.",
        "looking": "Looking for the mail servers of {domain} ...",
        "found": "{service}: IMAP {imap_host}:{imap_port} ({imap_security}), SMTP {smtp_host}:{smtp_port}"
        " ({smtp_security})",
        "own_server": "Found",
        "use_these": "Use these servers?",
        "not_found": "Nothing was found; the administrator of the mail server knows the names.",
        "ask_host": "{what}: the server's name",
        "bad_host": "“{typed}” is no host name. Give the name alone, such as mail.example.com.",
        "ask_port": "{what}: port",
        "bad_port": "“{typed}” is no port. Give a number from 1 to 65535, such as {default}.",
        "ask_security": "{what}: encryption, 1 tls (from the start), 2 starttls, 3 none (only on this machine)",
        "none_is_local": "Without encryption everybody on the way could read the password; it is possible only on this"
        " machine.",
        "ask_ca": "File with the certificate of a private CA; Enter where the certificates are ordinary ones",
        "bad_ca": "“{typed}” cannot be read as a certificate. Give the path of a PEM file, or nothing.",
        "ask_username": "User name to sign in with",
        "empty": "An answer is needed here.",
        "variable": "“{typed}” holds what the settings take for a variable. Leave the $ before the bracket out.",
        "ask_method": "Sign in by 1 password (an app password), 2 oauth",
        "ask_password": "Password (is not shown; < goes back)",
        "trying": "Trying IMAP and SMTP ...",
        "works": "Both servers let mailflow in.",
        "fails": "That does not work yet. Give the password again, or < to change what stands before it.",
        "fails_oauth": "That does not work yet.",
        "oauth_intro": "Register an application first (the README, “Signing in by OAuth”, says how), and have its"
        " client id at hand.",
        "ask_flow": "How to sign in: 1 device (enter a code in any browser), 2 browser (open an address), 3"
        " client_credentials (access of its own)",
        "ask_client_id": "Client id of the application",
        "ask_tenant": "Tenant (domain or id)",
        "ask_client_secret": "Client secret (is not shown; < goes back; Enter where there is none)",
        "secret_needed": "This way of signing in needs the client secret.",
        "again": "Try again?",
        "people": "Who takes part. Nobody is written to before mailflow runs.",
        "ask_company": "The company's name, as the sender of mails; Enter for none",
        "ask_accountant": "Accountant's address",
        "ask_approvers": "Approvers' addresses in order, with commas between them",
        "twice": "{typed} stands there twice.",
        "ask_submitters": "Who may submit invoices: addresses or whole @domains, with commas",
        "bad_submitter": "“{typed}” is neither an address nor a domain such as @example.com.",
        "ask_administrator": "Administrator's address (hears of mail that could not be processed)",
        "ask_time_zone": "Time zone",
        "bad_time_zone": "“{typed}” is no known time zone. Give an IANA name, such as Europe/Moscow.",
        "about_sender_check": "Whom to believe an answer such as APPROVE:\n"
        "  1 dmarc      only where the mailbox's own server has verified the sender (Authentication-Results). Right\n"
        "               wherever mail comes in from outside.\n"
        "  2 reference  the address on record and the unguessable reference in the mail suffice. Right only for a"
        " closed\n               mail server where nobody outside can write as one of you.",
        "ask_sender_check": "Sender check",
        "ask_authserv": "Name of the server that verifies: the first word of the topmost Authentication-Results header"
        " of any mail received from outside",
        "bad_authserv": "“{typed}” is no such name. It is one word, such as mx.example.com.",
        "summary": "This will be written:",
        "ask_write": "Write {file}?",
        "wrote": "Written: {files}. Only you can read them.",
        "ask_test_mail": "Send a test mail to {to}?",
        "test_subject": "mailflow: a test mail",
        "test_body": "This mail was sent by mailflow from {mailbox}: sending works.\n\nInvoices that are mailed to"
        " {mailbox} are asked about, in this order: {approvers}; then {accountant} pays.",
        "sent": "Sent: {answer}",
        "not_sent": "Not sent: {why}",
        "checking": "Now everything is tried, as `check` does:",
        "next": "Next: {command}{option} run",
        "next_mend": "Mend what is marked FAIL, then: {command}{option} check",
    },
    "ru": {
        "welcome": "mailflow спросит самое нужное, проверит ответы и запишет {file}. Enter принимает то, что в скобках,"
        " < возвращает на вопрос назад, Ctrl-C прекращает всё, ничего не записав.",
        "exists": "{file} уже есть, и ничего не перезаписывается. Назовите другой файл: --settings ФАЙЛ, или уберите"
        " этот.",
        "cannot_write": "{file} не записать ({why}). Ничего не записано.",
        "ended": "Прервано, ничего не записано.",
        "yes_or_no": "Ответьте да или нет.",
        "choose": "Ответьте одним из слов: {choices}.",
        "ask_address": "Адрес общего ящика, на который присылают счета",
        "bad_address": "«{typed}» — не адрес почты. Нужен только адрес, латиницей, например finance@example.com.",
        "mailbox_itself": "{typed} — это сам общий ящик. Нужен адрес человека.",
        "looking": "Ищу почтовые серверы {domain} ...",
        "found": "{service}: IMAP {imap_host}:{imap_port} ({imap_security}), SMTP {smtp_host}:{smtp_port}"
        " ({smtp_security})",
        "own_server": "Найдено",
        "use_these": "Взять эти серверы?",
        "not_found": "Ничего не нашлось; имена знает администратор почтового сервера.",
        "ask_host": "{what}: имя сервера",
        "bad_host": "«{typed}» — не имя сервера. Нужно только имя, например mail.example.com.",
        "ask_port": "{what}: порт",
        "bad_port": "«{typed}» — не порт. Нужно число от 1 до 65535, например {default}.",
        "ask_security": "{what}: шифрование, 1 tls (сразу), 2 starttls, 3 none (только на этой машине)",
        "none_is_local": "Без шифрования пароль прочтёт любой по дороге; так можно только на этой машине.",
        "ask_ca": "Файл с сертификатом своего удостоверяющего центра; Enter, если сертификаты обычные",
        "bad_ca": "«{typed}» не читается как сертификат. Нужен путь к файлу PEM или ничего.",
        "ask_username": "Имя пользователя для входа",
        "empty": "Здесь нужен ответ.",
        "variable": "«{typed}»: $ перед скобкой настройки примут за начало переменной. Ответьте без $.",
        "ask_method": "Вход: 1 password (пароль приложения), 2 oauth",
        "ask_password": "Пароль (не показывается; < — назад)",
        "trying": "Пробую IMAP и SMTP ...",
        "works": "Оба сервера впускают mailflow.",
        "fails": "Пока не получается. Введите пароль ещё раз или < , чтобы поправить то, что до него.",
        "fails_oauth": "Пока не получается.",
        "oauth_intro": "Сначала зарегистрируйте приложение (README, «Signing in by OAuth») и приготовьте его client"
        " id.",
        "ask_flow": "Как войти: 1 device (ввести код в любом браузере), 2 browser (открыть адрес), 3 client_credentials"
        " (собственный доступ приложения)",
        "ask_client_id": "Client id приложения",
        "ask_tenant": "Tenant (домен или id)",
        "ask_client_secret": "Client secret (не показывается; < — назад; Enter, если его нет)",
        "secret_needed": "Для такого входа нужен client secret.",
        "again": "Попробовать ещё раз?",
        "people": "Кто участвует. Пока mailflow не запущен, никому ничего не придёт.",
        "ask_company": "Название компании — отправитель писем; Enter, если не нужно",
        "ask_accountant": "Адрес бухгалтера",
        "ask_approvers": "Адреса согласующих по порядку, через запятую",
        "twice": "{typed} названо дважды.",
        "ask_submitters": "Кто может присылать счета: адреса или целые @домены, через запятую",
        "bad_submitter": "«{typed}» — ни адрес, ни домен вида @example.com.",
        "ask_administrator": "Адрес администратора (узнаёт о письмах, которые не удалось обработать)",
        "ask_time_zone": "Часовой пояс",
        "bad_time_zone": "«{typed}» — неизвестный часовой пояс. Нужно имя IANA, например Europe/Moscow.",
        "about_sender_check": "Кому верить, когда приходит ответ вроде СОГЛАСОВАНО:\n"
        "  1 dmarc      только если сервер ящика сам проверил отправителя (Authentication-Results). Верно всюду, где\n"
        "               почта приходит и снаружи.\n"
        "  2 reference  достаточно известного адреса и неугадываемой метки в письме. Верно лишь для закрытого"
        " сервера,\n               где никто снаружи не может написать от вашего имени.",
        "ask_sender_check": "Проверка отправителя",
        "ask_authserv": "Имя проверяющего сервера: первое слово самого верхнего заголовка Authentication-Results любого"
        " письма, полученного снаружи",
        "bad_authserv": "«{typed}» — не такое имя. Это одно слово, например mx.example.com.",
        "summary": "Будет записано:",
        "ask_write": "Записать {file}?",
        "wrote": "Записано: {files}. Читать их можете только вы.",
        "ask_test_mail": "Послать пробное письмо на {to}?",
        "test_subject": "mailflow: пробное письмо",
        "test_body": "Это письмо mailflow послал из ящика {mailbox}: отправка работает.\n\nСчета, присланные на"
        " {mailbox}, согласуют по порядку: {approvers}; затем платит {accountant}.",
        "sent": "Отправлено: {answer}",
        "not_sent": "Не отправлено: {why}",
        "checking": "Теперь всё проверяется, как командой check:",
        "next": "Дальше: {command}{option} run",
        "next_mend": "Исправьте то, что помечено FAIL, и повторите: {command}{option} check",
    },
}
