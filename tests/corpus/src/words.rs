//! Words that texts are put together from.

pub(crate) const NOUNS: &[&str] = &[
    "invoice", "roadmap", "budget", "parser", "table", "user", "session", "report", "garden", "kitchen",
    "train", "flight", "meeting", "contract", "picture", "recipe", "server", "cluster", "index", "cache",
    "buffer", "token", "letter", "doctor", "school", "summer", "weekend", "keyboard", "window", "camera",
    "podcast", "chapter", "lecture", "bicycle", "harbour", "mountain", "river", "library", "museum",
    "ticket", "harvest", "violin", "concert", "deadline", "review", "sprint",
];

pub(crate) const VERBS: &[&str] = &[
    "load", "store", "parse", "render", "check", "fetch", "merge", "split", "count", "build", "send",
    "close", "open", "find", "write", "read", "update", "remove", "sync", "archive", "plan", "paint",
    "repair", "visit", "order", "cook",
];

pub(crate) const ADJECTIVES: &[&str] = &[
    "new", "old", "quick", "broken", "final", "green", "early", "late", "quiet", "shared", "local", "remote",
    "empty", "small", "large", "strange", "careful", "weekly", "open", "hidden",
];

pub(crate) const GIVEN: &[&str] = &[
    "Ada", "Jonas", "Lucía", "Noor", "Mateo", "Ingrid", "Yuki", "Amara", "Pavel", "Chloé", "Søren", "Aylin",
    "Tomás", "Wei", "Zoë", "Ferran", "Olga", "Bilal", "Hana", "Iñaki",
];

pub(crate) const FAMILY: &[&str] = &[
    "Moreno",
    "Lindqvist",
    "Okafor",
    "Tanaka",
    "Novák",
    "Dubois",
    "García",
    "Haddad",
    "O'Brien",
    "Van der Berg",
    "Šimić",
    "Kaya",
    "Rossi",
    "Müller",
    "Nguyen",
    "Petrov",
    "Castro",
    "Jansen",
];

pub(crate) const DOMAINS: &[&str] = &[
    "example.com",
    "example.org",
    "mail.example.net",
    "shop.example.com",
    "news.example.org",
    "docs.example.dev",
    "intranet.example.es",
    "my-bank.example",
];

pub(crate) const APPS: &[&str] = &[
    "Google Meet",
    "Safari",
    "Terminal",
    "Xcode",
    "Visual Studio Code",
    "Figma",
    "Mail",
    "Obsidian",
    "Slack",
    "Preview",
    "Notes",
    "Firefox",
    "1Password",
    "Zoom (beta)",
    "C# Editor",
    "R&D Tool",
    "foo_bar",
    "IntelliJ IDEA",
];

/// A sentence in each of ten languages besides English.
pub(crate) const LANGUAGES: &[&str] = &[
    "¿Quedamos a las 18:30 en la plaza? Llevo el pan y la tortilla.",
    "Wir treffen uns am Bahnhof; der Zug fährt um 7:45 Uhr von Gleis 9¾.",
    "N'oublie pas d'acheter du café, du lait et « le gâteau » pour demain.",
    "Domani mattina passo in ufficio, poi andiamo a pranzo da zia Pina.",
    "Não te esqueças da reunião de amanhã às 10h; já mandei o relatório.",
    "明日の会議は午前10時からです。資料を忘れないでください。",
    "我们明天下午三点在图书馆见面，别忘了带笔记本。",
    "내일 오전 회의 자료를 꼭 챙겨 주세요. 감사합니다!",
    "Не забудь купить хлеб и молоко, встреча в 19:00.",
    "لا تنسَ موعد الطبيب غدًا الساعة التاسعة صباحًا.",
    "कल सुबह की बैठक दस बजे है, कृपया समय पर आएँ।",
    "Yarın sabah toplantı var; raporu unutma, görüşürüz!",
];

pub(crate) const EMOJI: &[&str] = &[
    "😀",
    "🎉",
    "👍🏽",
    "❤️",
    "📅",
    "✅",
    "🚀",
    "🫠",
    "👩‍💻",
    "🇪🇸",
    "☕",
    "🔥",
];
