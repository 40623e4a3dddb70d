//! Queries over ten thousand real books, each with a title that must be among the first three.

use std::path::Path;
use std::time::Instant;

use books::SearchBooks;
use kernel::PageRequest;
use testkit::anonymous;

use crate::support::World;

/// What is typed, and how a title begins that must come first, second or third.
const QUERIES: [(&str, &str); 48] = [
    // as it is
    ("to kill a mockingbird", "To Kill a Mockingbird"),
    ("The Hobbit", "The Hobbit"),
    ("1984", "1984"),
    ("dune", "Dune (Dune Chronicles #1)"),
    ("the hunger games", "The Hunger Games (The Hunger Games, #1)"),
    ("It", "It"),
    ("emma", "Emma"),
    // the beginning
    ("harry potter and the sor", "Harry Potter and the Sorcerer's Stone"),
    ("fahrenh", "Fahrenheit 451"),
    ("the girl with the dra", "The Girl with the Dragon Tattoo"),
    ("zen and the art", "Zen and the Art of Motorcycle Maintenance"),
    ("memoirs of a g", "Memoirs of a Geisha"),
    // slips
    ("pride and prejudise", "Pride and Prejudice"),
    ("harry poter sorcerers stone", "Harry Potter and the Sorcerer's Stone"),
    ("the grate gatsby", "The Great Gatsby"),
    ("cather in the rye", "The Catcher in the Rye"),
    ("neuromacner", "Neuromancer"),
    ("slaughterhuose five", "Slaughterhouse-Five"),
    ("hitchikers guide to the galaxy", "The Hitchhiker's Guide to the Galaxy"),
    ("frankenstien", "Frankenstein"),
    ("wuthring hieghts", "Wuthering Heights"),
    ("farenheit 451", "Fahrenheit 451"),
    // in another order
    ("punishment crime", "Crime and Punishment"),
    ("thief book", "The Book Thief"),
    ("rings lord", "The Lord of the Rings"),
    ("solitude hundred years", "One Hundred Years of Solitude"),
    // an author
    ("khaled hosseini", "The Kite Runner|A Thousand Splendid Suns|And the Mountains Echoed"),
    (
        "tolkein",
        "The Hobbit|The Silmarillion|The Lord|The Fellowship|The Return|The Two|Unfinished|The Children|The History",
    ),
    ("john green", "The Fault in Our Stars|Looking for Alaska|Paper Towns|An Abundance|Will Grayson"),
    (
        "garcia marquez",
        "One Hundred Years of Solitude|Love in the Time of Cholera|Chronicle of a Death|Strange Pilgrims|Of Love and Other",
    ),
    ("saint exupery", "The Little Prince|Wind, Sand|Night Flight"),
    // an author and a title
    ("tolkien hobbit", "The Hobbit"),
    ("king shining", "The Shining"),
    ("orwell animal farm", "Animal Farm"),
    ("dostoyevsky idiot", "The Idiot"),
    ("murakami kafka shore", "Kafka on the Shore"),
    // an ISBN
    ("0439023483", "The Hunger Games"),
    ("978-0-439-02348-1", "The Hunger Games"),
    ("0 618 26030 7", "The Hobbit"),
    ("043965548X", "Harry Potter and the Prisoner of Azkaban"),
    // a series
    ("the hunger games #2", "Catching Fire"),
    ("discworld 3", "Equal Rites"),
    ("wheel of time 1", "The Eye of the World"),
    // accents and punctuation
    ("les miserables", "Les Misérables"),
    ("bronte jane eyre", "Jane Eyre"),
    ("jo nesbo snowman", "The Snowman"),
    ("salem's lot", "'Salem's Lot"),
    ("eats shoots and leaves", "Eats, Shoots & Leaves"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_people_type_finds_the_book_they_mean_among_the_first_three() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/goodbooks-10k/books.csv");
    let Ok(file) = std::fs::read(&path) else {
        println!("skipped: the real data are not on this machine");
        return;
    };
    let world = World::new().await;
    let ada = world.a_member("Ada").await;
    let import = world.upload(ada, file).await.unwrap();
    world.until_imported(ada, import).await;
    let mut missed = Vec::new();
    for (text, wanted) in QUERIES {
        let started = Instant::now();
        let page = world.ask(&anonymous(), SearchBooks::new(text, PageRequest::first(3))).await.unwrap();
        println!("{:>6.1} ms  {text}", started.elapsed().as_secs_f64() * 1000.0);
        let found: Vec<String> = page.items.into_iter().map(|book| book.title).collect();
        if !found.iter().any(|title| wanted.split('|').any(|wanted| title.starts_with(wanted))) {
            missed.push(format!("{text}: wanted {wanted}, got {found:?}"));
        }
    }
    assert!(missed.is_empty(), "{} of {} missed:\n{}", missed.len(), QUERIES.len(), missed.join("\n"));
}
