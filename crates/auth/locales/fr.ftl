# Les courriels. Le bouton se trouve entre la demande et la fin ; en texte simple, c’est le lien.

greeting = Bonjour { $name },
greeting-nobody = Bonjour,

verify-email =
    .subject = Merci de confirmer votre adresse e-mail
    .ask = Merci de confirmer que cette adresse e-mail est bien la vôtre :
    .button = Confirmer l’adresse
    .end = Le lien est valable 7 jours. Si vous n’avez pas rejoint Folkshelf, vous n’avez rien à faire.
reset-password =
    .subject = Choisissez un nouveau mot de passe
    .ask = Un nouveau mot de passe nous a été demandé, par vous nous l’espérons. Choisissez-le ici :
    .button = Choisir un mot de passe
    .end = Le lien est valable un jour. Si ce n’était pas vous, vous n’avez rien à faire : votre mot de passe reste inchangé.
choose-password =
    .subject = Bienvenue sur Folkshelf
    .ask = Un compte a été ouvert pour vous. Choisissez un mot de passe pour vous connecter :
    .button = Choisir un mot de passe
    .end = Le lien est valable 7 jours. Passé ce délai, demandez-en un nouveau sur la page de connexion.
open-account =
    .subject = Terminez votre inscription à Folkshelf
    .ask = Une inscription à Folkshelf nous a été demandée avec cette adresse e-mail, par vous nous l’espérons. Choisissez un mot de passe ici, et votre compte sera ouvert :
    .button = Ouvrir le compte
    .end = Le lien est valable 7 jours. Si ce n’était pas vous, vous n’avez rien à faire : aucun compte n’existe.
has-account =
    .subject = Vous avez déjà un compte
    .ask = Une inscription à Folkshelf nous a été demandée avec cette adresse e-mail, par vous nous l’espérons. Elle a déjà un compte : connectez-vous. Si vous avez oublié le mot de passe, choisissez-en un nouveau ici :
    .button = Choisir un mot de passe
    .end = Le lien est valable un jour. Si ce n’était pas vous, vous n’avez rien à faire : rien n’a changé.
password-changed =
    .subject = Votre mot de passe a été changé
    .ask = Le mot de passe de votre compte vient d’être changé. Si c’était vous, vous n’avez rien à faire. Sinon, une autre personne le connaît : choisissez-en un nouveau ici, et toutes les sessions prendront fin :
    .button = Ce n’était pas moi : choisir un nouveau mot de passe
    .end = Le lien est valable un jour.
