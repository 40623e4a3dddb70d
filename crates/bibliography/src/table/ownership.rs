//! What is on whose shelf: lists of wishes, of books read somewhere else and of borrowed ones are on nobody's.

use super::format::plain;

/// Shelves, lists and states of books that their reader does not own, in the words of the programs we know and of our readers.
const NOT_OWNED: &[&str] = &[
    "to-read",
    "to read",
    "toread",
    "tbr",
    "want to read",
    "wants to read",
    "want-to-read",
    "wishlist",
    "wish list",
    "wanted",
    "to buy",
    "read but unowned",
    "unowned",
    "not owned",
    "planned",
    "for later",
    "borrowed",
    "currently borrowed",
    "library book",
    "library books",
    "library loan",
    "from the library",
    "à lire",
    "pense-bête",
    "liste d'envies",
    "envies",
    "souhaits",
    "liste de souhaits",
    "à acheter",
    "emprunté",
    "empruntés",
    "wunschliste",
    "wunsch",
    "merkliste",
    "will ich lesen",
    "möchte ich lesen",
    "geplant",
    "geliehen",
    "quiero leer",
    "por leer",
    "lista de deseos",
    "da leggere",
    "lista dei desideri",
    "te lezen",
    "verlanglijst",
    "wil ik lezen",
];

/// Collections that say what a reader does with a book and not whose it is.
const SAYS_NOTHING: &[&str] = &["currently reading", "to read", "favorites", "favourites"];

/// Whether books on a shelf of this name are taken for owned, as long as nobody says otherwise.
pub fn is_owned_by_default(shelf: &str) -> bool {
    let shelf = plain(shelf);
    !NOT_OWNED.iter().any(|name| plain(name) == shelf)
}

/// Of several collections those that say whose the book is; all of them where none does.
pub fn telling(collections: Vec<String>) -> Vec<String> {
    let says_nothing = |name: &String| SAYS_NOTHING.iter().any(|word| plain(word) == plain(name));
    if collections.iter().all(says_nothing) {
        return collections;
    }
    collections.into_iter().filter(|name| !says_nothing(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_and_loans_are_on_nobodys_shelf() {
        for shelf in
            ["to-read", "To Read", "Wishlist", "Read but unowned", "planned", "À lire", "Pense-bête", "Borrowed"]
        {
            assert!(!is_owned_by_default(shelf), "{shelf}");
        }
        for shelf in
            ["read", "currently-reading", "did-not-finish", "Your library", "finished", "Lu", "Living room", ""]
        {
            assert!(is_owned_by_default(shelf), "{shelf}");
        }
    }

    #[test]
    fn a_favourite_wish_is_still_a_wish() {
        let collections = |names: &[&str]| telling(names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(collections(&["Wishlist", "Favorites"]), ["Wishlist"]);
        assert_eq!(collections(&["Your library", "To read"]), ["Your library"]);
        assert_eq!(collections(&["To read"]), ["To read"]);
    }
}
