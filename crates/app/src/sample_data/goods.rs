//! What the sample shop sells.

/// One product of the sample shop.
pub(super) struct Good {
    /// Unique in the sample shop.
    pub(super) sku: &'static str,
    /// Unique within its category.
    pub(super) name: &'static str,
    /// A sentence for shoppers.
    pub(super) description: &'static str,
    /// The price of one unit, in hundredths.
    pub(super) price_cents: i64,
    /// Its place in [`CATEGORIES`].
    pub(super) category: usize,
    /// What it is counted in.
    pub(super) unit: &'static str,
    /// How many decimals its quantities have.
    pub(super) unit_decimals: u8,
    /// First stock in the shop.
    pub(super) in_shop: u32,
    /// First stock in the store room.
    pub(super) in_store_room: u32,
    /// At or below this it counts as low.
    pub(super) low: u32,
}

/// The names and descriptions of its categories.
pub(super) const CATEGORIES: &[(&str, &str)] = &[
    ("Smoothies", "Blended to order from whole fruit."),
    ("Juices", "Pressed this morning."),
    ("Bowls", "To eat with a spoon."),
    ("Snacks", "For the way."),
    ("Extras", "To put into any cup."),
    ("To take home", "For your own blender."),
];

const fn each(
    (sku, name, description): (&'static str, &'static str, &'static str),
    category: usize,
    price_cents: i64,
    (in_shop, in_store_room, low): (u32, u32, u32),
) -> Good {
    Good { sku, name, description, price_cents, category, unit: "each", unit_decimals: 0, in_shop, in_store_room, low }
}

const fn by_weight(
    (sku, name, description): (&'static str, &'static str, &'static str),
    price_cents: i64,
    (in_shop, in_store_room, low): (u32, u32, u32),
) -> Good {
    Good { sku, name, description, price_cents, category: 5, unit: "kg", unit_decimals: 3, in_shop, in_store_room, low }
}

/// The products, those of a category together.
pub(super) const GOODS: &[Good] = &[
    each(("SMO-MANGO", "Mango smoothie", "Mango, banana, orange."), 0, 450, (40, 0, 8)),
    each(("SMO-BERRY", "Berry smoothie", "Strawberry, blueberry, apple."), 0, 480, (40, 0, 8)),
    each(("SMO-GREEN", "Green smoothie", "Spinach, kiwi, apple, ginger."), 0, 500, (36, 0, 8)),
    each(("SMO-TROPIC", "Tropical smoothie", "Pineapple, coconut, passion fruit."), 0, 520, (30, 0, 6)),
    each(("SMO-CHOCO", "Chocolate banana smoothie", "Banana, cocoa, oat milk."), 0, 490, (30, 0, 6)),
    each(("SMO-PEACH", "Peach smoothie", "Peach, raspberry, yoghurt."), 0, 480, (24, 0, 6)),
    each(("SMO-AVO", "Avocado smoothie", "Avocado, lime, honey."), 0, 550, (18, 0, 4)),
    each(("SMO-COFFEE", "Coffee smoothie", "Cold brew, banana, dates."), 0, 530, (20, 0, 4)),
    each(("JUI-ORANGE", "Orange juice", "Oranges and nothing else, 300 ml."), 1, 380, (50, 24, 10)),
    each(("JUI-APPLE", "Apple juice", "Cloudy, 300 ml."), 1, 340, (50, 24, 10)),
    each(("JUI-CARROT", "Carrot and ginger juice", "Carrot, apple, ginger, 300 ml."), 1, 390, (30, 12, 6)),
    each(("JUI-BEET", "Beetroot juice", "Beetroot, apple, lemon, 300 ml."), 1, 390, (24, 12, 6)),
    each(("JUI-LEMON", "Lemonade", "Lemon, mint, a little sugar, 400 ml."), 1, 320, (60, 48, 12)),
    each(("JUI-SHOT", "Ginger shot", "Ginger and lemon, 60 ml."), 1, 250, (80, 40, 15)),
    each(("BOW-ACAI", "Açaí bowl", "Açaí, granola, banana."), 2, 790, (15, 0, 3)),
    each(("BOW-OAT", "Overnight oats", "Oats, apple, cinnamon."), 2, 520, (12, 0, 3)),
    each(("BOW-FRUIT", "Fruit bowl", "Whatever is ripe."), 2, 480, (20, 0, 4)),
    each(("SNA-BAR", "Oat bar", "Oats, dates, hazelnuts."), 3, 220, (120, 240, 30)),
    each(("SNA-NUTS", "Roasted nuts", "Almonds and cashews, 80 g."), 3, 310, (90, 120, 20)),
    each(("SNA-COOKIE", "Banana cookie", "Baked here."), 3, 190, (40, 0, 10)),
    each(("SNA-CHIPS", "Apple chips", "Dried, not fried, 50 g."), 3, 260, (60, 90, 15)),
    each(("EXT-PROTEIN", "Protein", "One scoop of pea protein."), 4, 120, (200, 400, 40)),
    each(("EXT-CHIA", "Chia seeds", "One spoon."), 4, 60, (300, 600, 60)),
    each(("EXT-SPIRULINA", "Spirulina", "One spoon."), 4, 90, (150, 300, 30)),
    each(("EXT-OATMILK", "Oat milk instead", "Instead of yoghurt."), 4, 50, (200, 200, 40)),
    each(("EXT-CUP", "Cup to keep", "Steel, 450 ml."), 4, 1_450, (25, 50, 5)),
    by_weight(("KG-MANGO", "Mangoes", "Ripe today."), 620, (20, 60, 5)),
    by_weight(("KG-BANANA", "Bananas", "From yellow to spotted."), 240, (35, 80, 10)),
    by_weight(("KG-BERRIES", "Frozen berries", "Mixed, for the blender."), 890, (15, 45, 4)),
    by_weight(("KG-GINGER", "Ginger", "Fresh."), 780, (6, 12, 2)),
];
