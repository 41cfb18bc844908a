"""roundup's mail gateway, with an IMAP port of our choice: roundup itself knows the standard one only.

Runs in roundup's own environment: `python roundup_gateway.py PORT ARGUMENTS OF roundup-mailgw`.
"""

import imaplib
import sys

if __name__ == "__main__":
    imaplib.IMAP4.__init__.__defaults__ = ("127.0.0.1", int(sys.argv[1]), None)
    from roundup.scripts.roundup_mailgw import main

    sys.exit(main(sys.argv[2:]))
