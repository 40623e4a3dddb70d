# The mails. The link stands between what is asked for and the end.

greeting = Hello { $name },

verify-email =
    .subject = Please confirm your mail address
    .ask = please confirm that this mail address is yours:
    .end = The link works for 7 days. If you have not joined Folkshelf, do nothing.
reset-password =
    .subject = Choose a new password
    .ask = somebody, hopefully you, has forgotten your password. Choose a new one here:
    .end = The link works for one hour. If it was not you, do nothing: your password stays as it is.
choose-password =
    .subject = Welcome to Folkshelf
    .ask = an account was opened for you. Choose a password to sign in with:
    .end = The link works for 7 days. After that, ask for a new one where you sign in.
