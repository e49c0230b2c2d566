"""Worked examples of the bank's tokens and digests; both ends of the wire are tested against the same table."""

DATA_AND_RECEIPT = {"DATA": {"Phone": "+71234567890"}, "Receipt": {"Items": [{"Name": "x", "Amount": 19200}]}}

# (fields, password, token)
TOKENS = {
    "Init with objects that are not signed": (
        {
            "TerminalKey": "MerchantTerminalKey",
            "Amount": 19200,
            "OrderId": "21090",
            "Description": "Подарочная карта на 1000 рублей",
            **DATA_AND_RECEIPT,
        },
        "usaf8fw8fsw21g",
        "0024a00af7c350a3a67ca168ce06502aa72772456662e38696d48b56ee9c97d9",
    ),
    "Init where Password sorts before PayType": (
        {
            "TerminalKey": "TinkoffBankTest",
            "Amount": 150000,
            "OrderId": "c0ffee-0001",
            "Description": "Оплата счёта за приглашения",
            "PayType": "O",
            "NotificationURL": "https://example.test/hooks/tbank",
            **DATA_AND_RECEIPT,
        },
        "TinkoffBankTest",
        "4e01607b596676763c459c7513937130707e01e7083b35640943abbad00982eb",
    ),
    "GetState": (
        {"TerminalKey": "TinkoffBankTest", "PaymentId": 700001},
        "TinkoffBankTest",
        "b4c69f17692dd6ba74136101bbb0fc683ba2fd847dc1dde252d2682e69b417f1",
    ),
    "notification with a boolean and numbers": (
        {
            "TerminalKey": "1321054611234DEMO",
            "OrderId": "201709",
            "Success": True,
            "Status": "AUTHORIZED",
            "PaymentId": 8742591,
            "ErrorCode": "0",
            "Amount": 9855,
            "CardId": 322264,
            "Pan": "430000******0777",
            "ExpDate": "1122",
            "RebillId": 101709,
        },
        "Dfsfh56dgKl",
        "b906d28e76c6428e37b25fcf86c0adc52c63d503013fdd632e300593d165766b",
    ),
}

# (fields, DigestValue)
DIGESTS = {
    "lower case sorts after upper case": (
        {"PaymentId": 20150, "TerminalKey": "123456789000E2C", "isNeedRrn": True},
        "f8ZZY/gsFQoBjLr7p1Hm9LCtExknFWVInD75v22Hrgs=",
    ),
    "DATA is not signed": (
        {
            "TerminalKey": "1000000E2CDEMO",
            "OrderId": "pay-1",
            "Amount": 150000,
            "CardId": 70000001,
            "DATA": {"r_lastname": "Иванов"},
        },
        "Ovw28uWW8XzITTNkCUKmNeAXCjJAnXqN3ehHVVIdMdc=",
    ),
}
