# Ce que les membres apprennent de leurs emprunts. Les phrases évitent « de » et « que » devant un nom, qui pourrait commencer
# par une voyelle, ainsi que tout accord avec une personne.

book = « { $title } »
unknown-book = un livre
unknown-owner = la personne propriétaire
unknown-borrower = la personne qui emprunte
unknown-member = un membre
former-member = un ancien membre

days = { $days ->
    [one] { $days } jour
   *[other] { $days } jours
}
weekday = { $weekday ->
    [1] lundi
    [2] mardi
    [3] mercredi
    [4] jeudi
    [5] vendredi
    [6] samedi
   *[7] dimanche
}
month = { $month ->
    [1] janvier
    [2] février
    [3] mars
    [4] avril
    [5] mai
    [6] juin
    [7] juillet
    [8] août
    [9] septembre
    [10] octobre
    [11] novembre
   *[12] décembre
}
date = { weekday } { $day ->
    [1] 1er
   *[other] { $day }
} { month } { $year }

# Ce qui s’ajoute à un texte, dans les mots de son auteur.
reason = Motif : « { $reason } »
note = Remarque : « { $note } »
place = Lieu : { $place }.
warning = La modération écrit : « { $warning } »

# Des messages plus anciens, regroupés dans celui-ci.
folded = { $folded ->
    [one] Ce message en remplace un plus ancien sur { $borrower } ; vos prêts montrent les deux.
   *[other] Ce message en remplace { $folded } plus anciens sur { $borrower } ; vos prêts les montrent tous.
}

folded-messages = { $folded ->
    [one] Il y a aussi un message plus ancien.
   *[other] Il y a aussi { $folded } messages plus anciens.
}

## Messages : qu’il y en a un, pas ce qu’il dit

written-by-owner =
    .title = { $owner } vous a écrit au sujet du prêt : { $book }
    .body = Lisez le message et répondez sur la page du prêt : { $book }.
written-by-borrower =
    .title = { $borrower } vous a écrit au sujet du prêt : { $book }
    .body = Lisez le message et répondez sur la page du prêt : { $book }.
written-by-moderator =
    .title = L’équipe de modération vous a écrit au sujet du prêt : { $book }
    .body = Lisez le message et répondez sur la page du prêt : { $book }. Visible par { $owner } et { $borrower }.

## Jusqu’à la remise du livre

asked =
    .title = { $borrower } aimerait emprunter { $book }
    .body = { $borrower } souhaite emprunter { $book } pendant { days }. Merci d’accepter ou de refuser.
queued =
    .title = Vous êtes dans la file d’attente pour { $book }
    .body = { $book } est promis à quelqu’un d’autre. Vous gardez votre place et nous vous préviendrons quand ce sera votre tour.
promoted-borrower =
    .title = C’est votre tour pour { $book }
    .body = { $book } est de nouveau libre et vous êtes en tête de la file d’attente ; nous avons demandé à { $owner } de répondre.
promoted-owner =
    .title = { $borrower } est en tête de la file pour { $book }
    .body = { $borrower } attendait { $book } dans la file d’attente. Merci d’accepter ou de refuser.
unanswered =
    .title = { $borrower } attend votre réponse
    .body = { $borrower } a demandé { $book } il y a quelques jours. Merci d’accepter ou de refuser avant que la demande n’expire.
approved =
    .title = { $owner } vous prête { $book }
    .body = { $owner } a accepté votre demande. Merci de venir chercher { $book } au plus tard le { date }.
rejected =
    .title = { $owner } ne peut pas vous prêter { $book }
    .body = { $owner } a refusé votre demande pour { $book }.
cancelled-by-owner =
    .title = Votre emprunt est annulé : { $book }
    .body = { $owner } ne peut plus vous prêter { $book } et a annulé l’emprunt.
cancelled-by-borrower =
    .title = { $borrower } n’emprunte plus { $book }
    .body = { $borrower } a annulé sa demande pour { $book }.
cancelled-borrower =
    .title = Votre emprunt est annulé : { $book }
    .body = Votre emprunt a été annulé : { $book }.
cancelled-owner =
    .title = { $borrower } n’emprunte plus { $book }
    .body = La demande faite par { $borrower } pour { $book } a été annulée.
# Pourquoi, quand personne ne l’a fait.
cancelled-because-book-gone = Le livre n’est plus proposé.
cancelled-because-book-given = Le livre a été donné à quelqu’un.
cancelled-because-member-left = Un membre a quitté la communauté.
# Rien de plus : l’un des deux est peut-être inactif, ou l’un a bloqué l’autre.
cancelled-because-not-possible = Ce n’est pas possible pour le moment.
expired-unanswered-borrower =
    .title = Votre demande pour { $book } a expiré
    .body = { $owner } n’a pas répondu à temps. Vous pouvez refaire une demande.
expired-unanswered-owner =
    .title = La demande faite par { $borrower } pour { $book } a expiré
    .body = Vous n’avez pas répondu à temps à { $borrower }, la demande a donc pris fin.
expired-held-borrower =
    .title = Votre demande pour { $book } a expiré
    .body = { $book } n’a pas été retiré à temps et redevient disponible pour d’autres.
expired-held-owner =
    .title = La demande faite par { $borrower } pour { $book } a expiré
    .body = { $borrower } n’a pas retiré { $book } à temps. Le livre redevient disponible pour d’autres.

## Pendant le prêt, et comment il se termine

lent-borrower =
    .title = Vous avez { $book }
    .body = { $owner } vous a remis { $book }. Le livre est à rendre le { date }.
lent-owner =
    .title = { $borrower } a { $book }
    .body = { $borrower } a bien reçu { $book }. Le livre est à rendre le { date }.
given-borrower =
    .title = Vous avez { $book }
    .body = { $owner } vous a donné { $book } : le livre est désormais à vous.
given-owner =
    .title = { $borrower } a { $book }
    .body = { $borrower } a bien reçu { $book }, qui lui appartient désormais.
extension-asked =
    .title = { $borrower } aimerait garder { $book } plus longtemps
    .body = { $borrower } demande { days } de plus pour { $book }. Merci d’accepter ou de refuser.
extension-refused =
    .title = Pas de prolongation pour { $book }
    .body = { $owner } a besoin de récupérer { $book } à la date convenue.
extended-borrower =
    .title = Vous pouvez garder { $book } plus longtemps
    .body = Vous avez { days } de plus pour { $book }. Le livre est désormais à rendre le { date }.
extended-owner =
    .title = { $borrower } garde { $book } plus longtemps
    .body = Le prêt pour { $book } est prolongé de { days }, comme vos règles le prévoient. Le livre est désormais à rendre le { date }.
due-soon =
    .title = { $book } est bientôt à rendre
    .body = Merci de rendre { $book } à { $owner } au plus tard le { date }, ou de demander une prolongation.
due-today =
    .title = { $book } est à rendre aujourd’hui
    .body = Merci de rendre { $book } à { $owner } aujourd’hui, { date }.
overdue-borrower =
    .title = { $book } est en retard
    .body = { $book } était à rendre le { date }. Merci de le rendre à { $owner } ou d’écrire un message sur la page du prêt.
overdue-owner =
    .title = { $book } est en retard
    .body = { $borrower } devait rendre { $book } le { date }. Nous avons envoyé un rappel.
return-declared =
    .title = { $book } est-il de retour ?
    .body = { $borrower } indique vous avoir rendu { $book }. Merci de le confirmer, ou de signaler que vous ne l’avez pas reçu.
returned =
    .title = { $owner } a récupéré { $book }
    .body = { $owner } a récupéré { $book }. Merci de l’avoir rendu en bon état.
returned-damaged =
    .title = { $owner } a récupéré { $book }
    .body = { $owner } a récupéré { $book } et signale un dommage. Merci d’en parler ensemble sur la page du prêt.
lost-borrower =
    .title = { $book } est déclaré perdu
    .body = { $book } est enregistré comme perdu. Merci de convenir avec { $owner } d’un dédommagement, par message sur la page du prêt.
lost-owner =
    .title = { $book } est déclaré perdu
    .body = { $book } est enregistré comme perdu pendant le prêt à { $borrower }. Merci de trouver un arrangement ensemble, par message sur la page du prêt.
disputed-not-back =
    .title = Où est { $book } ?
    .body = { $owner } n’a pas reçu { $book } en retour. L’équipe de modération va s’en occuper ; merci d’écrire ce que vous savez sur la page du prêt.
disputed =
    .title = Où est { $book } ?
    .body = Il y a désaccord sur l’endroit où se trouve { $book }. L’équipe de modération va s’en occuper ; merci d’écrire ce que vous savez sur la page du prêt.
disputed-moderator =
    .title = Où est { $book } ?
    .body = { $owner } et { $borrower } ne sont pas d’accord sur l’endroit où se trouve { $book }. Merci de vous en occuper.
resolved-returned =
    .title = Le litige est réglé : { $book }
    .body = L’équipe de modération constate que { $book } a été rendu.
resolved-lost =
    .title = Le litige est réglé : { $book }
    .body = L’équipe de modération constate que { $book } est perdu.
resolved-active =
    .title = Le litige est réglé : { $book }
    .body = L’équipe de modération constate que le prêt se poursuit pour { $book }.

## Signalements. $member est la personne signalée, $reporter celle qui signale. Ce qu’elles et la modération écrivent n’y est pas.

reported =
    .title = { $reporter } a signalé { $member }
    .body = Merci de lire le signalement et d’y répondre.
report-answered =
    .title = La modération a répondu à votre signalement concernant { $member }
    .body = Vous trouverez la réponse parmi vos signalements.
# Ni qui a signalé, ni à propos de quel prêt.
warned =
    .title = La modération vous avertit
    .body = Un membre a signalé quelque chose à la modération, qui l’a examiné.

## Les courriels. Le bouton est sous le texte ; en texte brut, le lien est à sa place.

letter-greeting = Bonjour { $name },
letter-greeting-nobody = Bonjour,
letter-answer = Répondre
letter-see = Voir le prêt
letter-see-report = Voir le signalement
letter-see-inbox = Voir vos notifications
letter-end = Si c’est déjà réglé, vous n’avez rien à faire.
letter-end-warned = Personne ne lit les réponses à ce courriel.
letter-stop = Ne plus recevoir de courriels sur { $topic }
letter-all = Tout voir
letter-together =
    .subject = { $count ->
        [one] Une nouvelle de vos prêts
       *[other] { $count } nouvelles de vos prêts
    }
    .ask = Voici ce qui s’est passé depuis le dernier courriel :

topic-together = plusieurs choses à la fois
topic-request = les demandes de vos livres
topic-answer = les réponses à vos demandes
topic-queue = vos places en file d’attente
topic-turn = les demandes dont le tour est venu
topic-hand-over = les livres qui changent de mains
topic-extension = les prolongations
topic-due-soon = les prêts bientôt à rendre
topic-due = les prêts à rendre le jour même
topic-late = les prêts en retard
topic-give-back = les livres rendus
topic-ended = les demandes qui prennent fin
topic-dispute = les litiges et les signalements
topic-message = les messages
