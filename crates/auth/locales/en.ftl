# The letters. The button stands between what is asked for and the end; in plain text the link stands there.

greeting = Hello { $name },
greeting-nobody = Hello,

verify-email =
    .subject = Please confirm your mail address
    .ask = please confirm that this mail address is yours:
    .button = Confirm the address
    .end = The link works for 7 days. If you have not joined Folkshelf, do nothing.
reset-password =
    .subject = Choose a new password
    .ask = somebody, hopefully you, has forgotten your password. Choose a new one here:
    .button = Choose a new password
    .end = The link works for one day. If it was not you, do nothing: your password stays as it is.
choose-password =
    .subject = Welcome to Folkshelf
    .ask = an account was opened for you. Choose a password to sign in with:
    .button = Choose a password
    .end = The link works for 7 days. After that, ask for a new one where you sign in.
open-account =
    .subject = Finish joining Folkshelf
    .ask = somebody, hopefully you, wants to join Folkshelf with this mail address. Choose a password here, and your account is open:
    .button = Open the account
    .end = The link works for 7 days. If it was not you, do nothing: there is no account.
has-account =
    .subject = You have an account already
    .ask = somebody, hopefully you, wants to join Folkshelf with this mail address. It has an account: sign in with it. If you have forgotten the password, choose a new one here:
    .button = Choose a new password
    .end = The link works for one day. If it was not you, do nothing: nothing has changed.
password-changed =
    .subject = Your password was changed
    .ask = the password of your account was changed just now. If it was you, do nothing. If it was not, somebody else knows your password: choose a new one here, and all sessions end:
    .button = It was not me: choose a new password
    .end = The link works for one day.
