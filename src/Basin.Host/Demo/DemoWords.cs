namespace Basin.Demo;

/// <summary>The words a category's products are made of. Prices are whole euros; each further option adds a step.</summary>
internal sealed record DemoCategory(
    string Name,
    string[] Nouns,
    string[] Materials,
    (int Lowest, int Highest) Prices,
    int StepPercent,
    (string Code, string Label)[] Options,
    string[] Openings,
    string[] Details)
{
    private static readonly (string, string)[] Cups = [("S", "250 ml"), ("M", "350 ml"), ("L", "450 ml")];
    private static readonly (string, string)[] Sizes = [("S", "Small"), ("M", "Medium"), ("L", "Large")];
    private static readonly (string, string)[] Woods = [("OAK", "Oak"), ("WAL", "Walnut"), ("ASH", "Ash"), ("BLK", "Black")];
    private static readonly (string, string)[] Pots = [("12", "12 cm pot"), ("17", "17 cm pot"), ("21", "21 cm pot")];
    private static readonly (string, string)[] Papers = [("DOT", "Dotted"), ("LIN", "Lined"), ("PLA", "Plain")];
    private static readonly (string, string)[] Packs = [("18", "18 litres"), ("24", "24 litres"), ("30", "30 litres")];
    private static readonly (string, string)[] Bottles = [("05", "500 ml"), ("07", "750 ml"), ("10", "1 litre")];
    private static readonly (string, string)[] Tints = [("GRA", "Graphite"), ("SND", "Sand"), ("SEA", "Sea"), ("CLY", "Clay")];
    private static readonly (string, string)[] Faces = [("20", "20 cm"), ("28", "28 cm"), ("36", "36 cm")];
    private static readonly (string, string)[] Covers = [("40", "40 × 40 cm"), ("50", "50 × 50 cm"), ("60", "40 × 60 cm")];
    private static readonly (string, string)[] Kettles = [("08", "0.8 litres"), ("12", "1.2 litres")];

    /// <summary>In the order that <see cref="DemoPicture"/> draws them.</summary>
    public static readonly DemoCategory[] All =
    [
        new("Mugs", ["Mug", "Cup", "Tumbler"], ["Stoneware", "Porcelain", "Enamel", "Glazed"], (12, 34), 15, Cups,
            ["A {material} {noun} with a handle that leaves room for the whole hand.", "Thrown thin and fired hot, this {material} piece keeps a drink warm to the last sip."],
            ["Safe in the dishwasher and the microwave.", "The foot is left unglazed, so it stands still and stacks well.", "No two glazes break at quite the same line."]),
        new("Lamps", ["Table Lamp", "Reading Lamp", "Pendant"], ["Brass", "Linen", "Steel", "Opal"], (49, 240), 35, Sizes,
            ["A {material} {noun} for the corner that the ceiling light never reaches.", "Soft {material} light, aimed where it is needed and nowhere else."],
            ["It dims without a flicker and takes any E27 bulb.", "Two metres of woven cable come with it.", "The joint holds its angle without a screw to tighten."]),
        new("Chairs", ["Chair", "Side Chair", "Lounge Chair"], ["Bentwood", "Slatted", "Upholstered", "Woven"], (119, 640), 8, Woods,
            ["A {material} chair for long dinners and the hours after them.", "Light enough to lift with one hand, this {material} chair carries anyone at the table."],
            ["The joints are pegged and glued; there is nothing to retighten.", "Felt feet spare the floor.", "The seat is waxed by hand and can be waxed again."]),
        new("Plants", ["Fern", "Monstera", "Snake Plant", "Rubber Tree"], ["Potted", "Young", "Evergreen"], (14, 89), 55, Pots,
            ["A {material} companion for a bright room without direct sun.", "Grown slowly in peat-free soil, this {material} plant arrives ready for the windowsill."],
            ["Water it when the top of the soil is dry.", "The pot drains into a saucer that comes with it.", "It forgives a fortnight of holidays."]),
        new("Notebooks", ["Notebook", "Journal", "Sketchbook"], ["Clothbound", "Softcover", "Thread-sewn", "Recycled"], (9, 32), 0, Papers,
            ["A {material} book that opens flat on any page.", "192 pages of {material} calm for plans that change."],
            ["The paper is 100 g and takes fountain pens without bleeding.", "Two ribbons and a pocket keep the place and the receipts.", "Its pages are numbered, with an index at the front."]),
        new("Bags", ["Backpack", "Rucksack", "Daypack"], ["Canvas", "Waxed", "Recycled", "Ripstop"], (59, 189), 18, Packs,
            ["A {material} pack that stands up by itself and opens wide.", "Made for the train as much as the trail, in {material} cloth that ages well."],
            ["A padded sleeve carries a 16-inch laptop.", "Every seam inside is bound, and every zip can be replaced.", "The bottle pocket disappears when it is empty."]),
        new("Bottles", ["Bottle", "Flask", "Carafe"], ["Steel", "Insulated", "Borosilicate", "Powder-coated"], (18, 49), 20, Bottles,
            ["A {material} {noun} that keeps cold for a day and hot for half of one.", "One {material} {noun} instead of the hundred and fifty thrown away each year."],
            ["The lid seals with a quarter turn.", "The neck is wide enough for ice and for a brush.", "It fits the cup holder of most cars and bicycles."]),
        new("Headphones", ["Headphones", "Studio Headphones", "On-Ears"], ["Wireless", "Closed-back", "Featherlight", "Quiet"], (79, 420), 0, Tints,
            ["{material} listening with forty hours between charges.", "A {material} pair tuned to be listened to all day, not shown off for a minute."],
            ["The cushions and the battery can be changed without tools.", "Noise fades at the touch of one button.", "It remembers two devices and switches between them by itself."]),
        new("Clocks", ["Wall Clock", "Clock", "Desk Clock"], ["Silent", "Ash", "Enamelled", "Spun-steel"], (39, 179), 30, Faces,
            ["A {material} {noun} whose hand sweeps and never ticks.", "Readable from across the room, this {material} {noun} asks for one battery a year."],
            ["The movement is made in Germany.", "The glass is mineral and does not glare.", "It hangs on a single nail."]),
        new("Vases", ["Vase", "Stem Vase", "Jar"], ["Earthenware", "Terracotta", "Hand-blown", "Matte"], (22, 130), 40, Sizes,
            ["A {material} {noun} that looks finished with one branch in it.", "Turned by hand, this {material} shape holds tall stems without tipping."],
            ["The inside is sealed and holds water.", "Its weight sits low, where it belongs.", "Marks of the wheel are left where the potter left them."]),
        new("Cushions", ["Cushion", "Pillow", "Floor Cushion"], ["Linen", "Wool", "Cotton", "Velvet"], (24, 98), 22, Covers,
            ["A {material} {noun} with a cover that comes off for washing.", "Washed {material}, soft from the first day, in colours that get along."],
            ["The filling is recycled and keeps its corners.", "A hidden zip runs along one side.", "The yarn is dyed before weaving, so the colour goes all the way through."]),
        new("Kettles", ["Kettle", "Teapot", "Pour-over Kettle"], ["Enamel", "Cast-iron", "Brushed", "Copper"], (38, 165), 30, Kettles,
            ["A {material} {noun} that pours a line as thin as a pencil.", "From cold tap to first cup in four minutes, on any hob, in {material}."],
            ["The handle stays cool.", "The spout does not drip; we checked for a month.", "A wide lid makes it easy to clean."]),
    ];
}

internal static class DemoWords
{
    public static readonly string[] Series =
    [
        "Alder", "Amber", "Arbor", "Aster", "Bay", "Birch", "Bramble", "Briar", "Brook", "Cairn", "Calla", "Cedar", "Cliff", "Clover",
        "Coast", "Cobble", "Cove", "Dale", "Delta", "Dune", "Elder", "Elm", "Ember", "Estuary", "Fallow", "Fern", "Field", "Finch",
        "Fjord", "Flint", "Ford", "Glen", "Grove", "Harbour", "Hazel", "Heath", "Heron", "Hollow", "Isle", "Juniper", "Lagoon", "Lark",
        "Linden", "Loam", "Lowland", "Maple", "Marsh", "Meadow", "Mesa", "Moor", "Moss", "Osprey", "Otter", "Pebble", "Pier", "Pine",
        "Quarry", "Reed", "Ridge", "Rill", "River", "Rowan", "Saltmarsh", "Sedge", "Shoal", "Sorrel", "Spruce", "Strand", "Tarn",
        "Thistle", "Tide", "Vale", "Wharf", "Willow", "Wren",
    ];

    public static readonly string[] Closings =
    [
        "ships in a plain box made of recycled board.",
        "comes with a guarantee of five years.",
        "is made in small batches and restocked every month.",
        "can be sent back within thirty days, used or not.",
        "is repaired by us for as long as we make it.",
    ];
}
