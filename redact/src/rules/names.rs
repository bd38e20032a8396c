//! Names of secrets: the words before a `:` or `=` that declare what comes behind it.

/// What a name declares, the surest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// A key or token, unless it could be an ordinary identifier: `key` also names columns, music and caches.
    MaybeSecret,
    /// A password, unless it is an ordinary word: the name has other meanings too.
    MaybePassword,
    /// A key or token that a machine made.
    Secret,
    /// A password.
    Password,
}

/// Where a name may stand within a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    /// Anywhere: `DBPASSWORD`.
    Any,
    /// Only as a word, or as a part of an identifier: `db_pass`, `dbPass`, `pass`.
    Word,
}

/// A name, in lower case.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name {
    pub(crate) text: &'static str,
    pub(crate) kind: Kind,
    pub(crate) edge: Edge,
}

const fn name(text: &'static str, kind: Kind, edge: Edge) -> Name {
    Name { text, kind, edge }
}

/// Keywords are compared in ASCII case only, so names in other scripts are listed in each case that people write.
#[rustfmt::skip]
pub(crate) const NAMES: &[Name] = &[
    name("password", Kind::Password, Edge::Any),
    name("passwd", Kind::Password, Edge::Any),
    name("passwort", Kind::Password, Edge::Any),
    name("passphrase", Kind::Password, Edge::Any),
    name("passcode", Kind::Password, Edge::Any),
    name("kennwort", Kind::Password, Edge::Any),
    name("contraseña", Kind::Password, Edge::Any),
    name("contraseÑa", Kind::Password, Edge::Any),
    name("contrasena", Kind::Password, Edge::Any),
    name("contrasenya", Kind::Password, Edge::Any),
    name("wachtwoord", Kind::Password, Edge::Any),
    name("lösenord", Kind::Password, Edge::Any),
    name("hasło", Kind::Password, Edge::Any),
    name("mot de passe", Kind::Password, Edge::Any),
    name("motdepasse", Kind::Password, Edge::Any),
    name("mot_de_passe", Kind::Password, Edge::Any),
    name("пароль", Kind::Password, Edge::Any),
    name("Пароль", Kind::Password, Edge::Any),
    name("ПАРОЛЬ", Kind::Password, Edge::Any),
    name("密码", Kind::Password, Edge::Any),
    name("密碼", Kind::Password, Edge::Any),
    name("口令", Kind::Password, Edge::Any),
    name("パスワード", Kind::Password, Edge::Any),
    name("비밀번호", Kind::Password, Edge::Any),
    name("pwd", Kind::Password, Edge::Word),
    name("pw:", Kind::Password, Edge::Word),
    name("pw=", Kind::Password, Edge::Word),
    name("pw ", Kind::Password, Edge::Word),
    name("pw\"", Kind::Password, Edge::Word),
    name("pw'", Kind::Password, Edge::Word),
    name("pw_", Kind::Password, Edge::Word),
    name("pw\n", Kind::Password, Edge::Word),
    name("senha", Kind::Password, Edge::Word),
    name("mdp", Kind::MaybePassword, Edge::Word),
    name("pass", Kind::MaybePassword, Edge::Word),
    name("clave", Kind::MaybePassword, Edge::Word),
    name("token", Kind::Secret, Edge::Any),
    name("secret", Kind::Secret, Edge::Any),
    name("credential", Kind::Secret, Edge::Any),
    name("apikey", Kind::Secret, Edge::Any),
    name("api key", Kind::Secret, Edge::Word),
    name("api-key", Kind::Secret, Edge::Word),
    name("api_key", Kind::Secret, Edge::Any),
    name("api.key", Kind::Secret, Edge::Any),
    name("api schlüssel", Kind::Secret, Edge::Word),
    name("accesskey", Kind::Secret, Edge::Any),
    name("access key", Kind::Secret, Edge::Word),
    name("access-key", Kind::Secret, Edge::Word),
    name("access_key", Kind::Secret, Edge::Any),
    name("secretkey", Kind::Secret, Edge::Any),
    name("secret key", Kind::Secret, Edge::Word),
    name("privatekey", Kind::Secret, Edge::Any),
    name("private key", Kind::Secret, Edge::Word),
    name("private-key", Kind::Secret, Edge::Word),
    name("private_key", Kind::Secret, Edge::Any),
    name("signingkey", Kind::Secret, Edge::Any),
    name("signing key", Kind::Secret, Edge::Word),
    name("signing_key", Kind::Secret, Edge::Any),
    name("signing-key", Kind::Secret, Edge::Word),
    name("encryptionkey", Kind::Secret, Edge::Any),
    name("encryption key", Kind::Secret, Edge::Word),
    name("encryption_key", Kind::Secret, Edge::Any),
    name("encryption-key", Kind::Secret, Edge::Word),
    name("accountkey", Kind::Secret, Edge::Any),
    name("account key", Kind::Secret, Edge::Word),
    name("account_key", Kind::Secret, Edge::Any),
    name("license key", Kind::Secret, Edge::Word),
    name("license_key", Kind::Secret, Edge::Any),
    name("licensekey", Kind::Secret, Edge::Any),
    name("auth key", Kind::Secret, Edge::Word),
    name("auth_key", Kind::Secret, Edge::Any),
    name("authkey", Kind::Secret, Edge::Any),
    name("creds", Kind::Secret, Edge::Word),
    name("auth", Kind::MaybeSecret, Edge::Word),
    name("key", Kind::MaybeSecret, Edge::Word),
];
