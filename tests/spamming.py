"""Self-written comments for tests that need several of a kind."""

HONEST = (
    "The second step failed for me until I renamed the folder, thank you for the hint.",
    "I grew up two hours from that river and it was never this low.",
    "Does this work with the older version as well? Mine says the option is unknown.",
    "You forgot the salt in the dough, otherwise it rose nicely overnight.",
    "I disagree with the last paragraph: the numbers of 2019 were collected differently.",
    "Great write-up. We use the same approach at work and it saved us a day a week.",
    "My grandmother made it with quinces instead of apples.",
    "The link to the second chart seems to be broken, could you check it?",
    "We took the night train last spring and slept better than in the hotel.",
    "Typo in the third code block, it should be a colon.",
)
SELLING = (
    "Buy cheap pills online without prescription, fast shipping: http://pills-rx24.shop/order",
    "Best casino bonus 2026, play slots and win real money now http://casino-royal777.top",
    "I recovered my stolen bitcoin with the help of hacker at cyberwizard on telegram, contact him",
    "Get a personal loan today, no credit check, apply here http://quick-loan-now.xyz/apply",
    "Hire an expert essay writer, plagiarism free papers at http://essay-pro-help.club",
    "Top quality replica watches, 70% discount, visit http://replica-lux.store",
    "We offer guest post and backlinks on high DA sites, contact seo@ranking-boost.biz",
    "Powerful spell caster brought back my ex husband in 48 hours, whatsapp +2348012345678",
    "Hot girls in your city want to meet tonight http://meet-hot-tonight.click",
    "Earn 5000 dollars a week from home, ask me how http://easy-money-home.site",
)
