"""Words that simulated people, organisations and places are made of. None stands for anyone or anywhere."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _listed(text: str) -> tuple[str, ...]:
    return tuple(" ".join(item.split()) for item in text.split(","))


FIRST_NAMES = _words(
    """
    Aaron Abigail Adam Aisha Alan Alice Amara Amir Amy Andrew Angela Anita Anna Arthur Beatrice Ben
    Bernard Bethan Brian Bridget Callum Carol Catherine Charles Chloe Clare Colin Connor Daisy Daniel
    David Deborah Derek Diana Donna Dylan Edith Edward Eleanor Elsie Emily Emma Eric Esther Ethan Evelyn
    Faith Farah Fiona Florence Frank Freya Gareth George Gillian Gordon Grace Graham Hannah Harold
    Harriet Harry Hazel Heather Helen Henry Hugh Imran Irene Isaac Isla Ivy Jack Jacob James Jane Janet
    Jasmine Jean Joan Joel John Joyce Judith Julia Karen Keith Kenneth Kieran Laura Lauren Leah Leo
    Lewis Liam Lily Linda Louise Lucy Malcolm Marcus Maria Marian Martin Mary Matthew Maureen Megan
    Michael Miriam Mohan Molly Nadia Naomi Natalie Neil Niamh Nicola Nigel Nina Noah Norman Olive Oliver
    Omar Owen Pamela Patrick Paul Pauline Peter Philip Phoebe Poppy Rachel Raj Ralph Rebecca Rhys
    Richard Rita Robert Robin Rosa Rose Ruby Russell Ruth Ryan Samir Samuel Sandra Sarah Scott Sean
    Sheila Shirley Simon Sofia Stella Stephen Stuart Susan Sylvia Tanya Teresa Thomas Tina Toby Tracey
    Una Valerie Vera Victor Vincent Violet Walter Wendy William Winifred Yasmin Yusuf Zoe
    """
)

SURNAMES = _words(
    """
    Abbott Acton Adeyemi Ainsley Aldridge Allard Appleby Arden Armitage Arundel Ashcroft Atwood Bagshaw
    Bannister Barlow Barrow Bassett Beckett Bellamy Benson Birch Blackwood Bolton Bowen Bradshaw
    Braithwaite Brennan Briggs Broadbent Brook Burgess Burrows Calloway Cartwright Chadwick Chaudhry
    Clegg Clifford Cobb Colborne Colley Cooke Corbett Cotterill Coulson Craven Crossley Dalton Darby
    Dawes Denholm Dewhurst Dixon Dobson Drake Duckworth Dunn Eastwood Eccles Edgar Ellison Emery
    Fairbank Farrow Fenton Fielding Finch Fletcher Forrest Foster Fowler Frost Gale Garside Gibbons
    Gilbert Goddard Goodwin Greenhalgh Grimshaw Hadley Haigh Hale Hammond Hardcastle Hargreaves Hartley
    Hassan Haworth Hebden Helm Hepworth Heywood Hobson Holden Holroyd Hooper Horner Howarth Hussain
    Ibbotson Illingworth Ingham Iqbal Jagger Jarvis Kapoor Kaye Kendall Kershaw Kirkby Knight Lacey
    Lambert Langley Lawton Leach Leighton Lister Lockwood Lomax Lowther Lumb Malik Marsden Mather Mellor
    Metcalfe Midgley Milnes Mitton Moorhouse Mortimer Naylor Nelson Newsome Noble Norcliffe Nuttall
    Oakes Ogden Okoro Oldfield Ormerod Osei Parr Patel Pearce Pickles Pilling Platt Pollard Prentice
    Priestley Quarmby Radcliffe Ramsden Rao Rawnsley Redfern Rhodes Ridley Rigby Riley Rowbotham Royle
    Rushworth Sagar Salter Saunders Schofield Sedgwick Selby Shackleton Sharples Shaw Shepherd Siddall
    Singh Slater Smethurst Speight Stansfield Stead Stott Sutcliffe Swales Sykes Tattersall Thackray
    Thewlis Thorpe Tindall Townend Turnbull Unsworth Varley Verity Wadsworth Wainwright Walmsley
    Warburton Waterhouse Wheatley Whitaker Whiteley Wilde Winder Womersley Woodhead Wright Yardley Yates
    """
)

RUSSIAN_NAMES = _listed(
    """
    Alexei Volkov, Anastasia Orlova, Andrei Morozov, Boris Lebedev, Daria Sokolova, Dmitri Kozlov,
    Ekaterina Novikova, Elena Pavlova, Galina Smirnova, Grigori Fedorov, Igor Belov, Irina Vasilieva,
    Ivan Zaitsev, Ksenia Popova, Larisa Egorova, Maksim Nikitin, Marina Stepanova, Mikhail Semenov,
    Natalia Kuznetsova, Nikolai Antonov, Oksana Romanova, Oleg Gusev, Olga Makarova, Pavel Tarasov,
    Polina Zakharova, Roman Vinogradov, Sergei Bogdanov, Svetlana Yakovleva, Tatiana Kiseleva, Valentina
    Ilyina, Vera Sorokina, Viktor Maximov, Yulia Frolova, Yuri Danilov
    """
)

TRADES = _listed(
    """
    Bakery, Joinery, Dental Practice, Bookshop, Butchers, Café, Cycles, Dry Cleaners, Electrical,
    Flooring, Florist, Garage, Garden Centre, Hair Studio, Hardware, Hotel, Interiors, Kennels, Laundry,
    Motors, Nursery School, Opticians, Pharmacy, Plumbing, Post Office, Print Shop, Pub, Roofing,
    Saddlery, Solicitors, Tea Rooms, Timber, Travel, Upholstery, Veterinary Surgery, Yoga Studio
    """
)

WORKS = _listed(
    """
    Cold Store, Foundry, Castings, Paper Mill, Textiles, Plastics, Brewery, Dairy, Quarry, Ceramics,
    Packaging, Steel Stockholders, Data Hall, Food Processing, Coatings, Glassworks, Feed Mill,
    Distribution
    """
)

FIRM_WORDS = _words(
    """
    Alder Anchor Beacon Bellwether Bluebell Bridge Brookside Canal Castle Chapel Cobble Copper Corner
    Crown Dale Dove Drover Eagle Ember Falcon Fernside Fleece Foxglove Gable Granary Greystone Harbour
    Heron Hilltop Holly Ironstone Kestrel Kingfisher Lantern Larkfield Linden Mallow Maypole Meadow
    Milestone Minster Oakleaf Old Orchard Packhorse Pennant Pinfold Quayside Raven Riverside Rowan
    Saddle Sandpiper Skylark Spindle Starling Summit Swift Tannery Thistle Tollgate Unicorn Viaduct
    Wagon Weir Wharf Wheel Windmill Woolpack Wren Yeoman
    """
)

STREET_WORDS = _words(
    """
    Abbot Aldergate Apple Ashlar Beck Bellows Birdcage Bracken Bramble Brewer Bridge Calder Candle
    Carter Castle Chandler Chapel Clough Cobbler Cooper Corn Curlew Dalesman Drapers Dyehouse Fairfield
    Fellmonger Fern Ferry Fold Forge Fuller Gantry Garth Glazier Goose Granary Hawthorn Heather Heron
    Hillcrest Holme Ings Ivy Jubilee Keel Kiln Ladder Lamp Lark Linnet Lock Loom Maltings Market Mason
    Mill Minster Moss Northgate Oak Orchard Paddock Packhorse Pinder Plover Poplar Quarry Rope Rowan
    Saddler Salters Sawyer Shambles Shuttle Sluice Smithy Spinner Station Swan Tannery Tenter Thistle
    Thorn Tithe Turnpike Vicar Wainstones Warp Weaver Well Wharf Willow
    """
)
STREET_KINDS = (
    "Road",
    "Street",
    "Lane",
    "Row",
    "Close",
    "Terrace",
    "Avenue",
    "Court",
    "Hill",
    "Walk",
    "Rise",
)

AREAS = (
    ("HAR", "Harbour", (("Saltwick", "KB1"), ("Port Ansel", "KB2"))),
    ("MOO", "Moorside", (("Kelder Bridge", "KB4"), ("High Garth", "KB5"))),
    ("OLD", "Old Town", (("Minsterwick", "KB7"),)),
    ("VAL", "Valley", (("Nether Holme", "KB8"), ("Wharram Mills", "KB9"))),
)
"""Code, name, and the invented towns with their postcode districts (KB is no postcode area)."""
