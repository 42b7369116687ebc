//! What may happen in a history, in terms of what there will be by then: the n-th product, the n-th sale, the n-th delivery.

use tradepost_domain::orders::Step as To;

/// One line of a request: the n-th product, how many tenths of it, at another price?
pub type Wanted = (usize, u32, bool);

/// How a till names a product.
#[derive(Debug, Clone, Copy)]
pub enum Named {
    Id(usize),
    Sku(usize),
    External(usize),
}

/// What of a product is edited.
#[derive(Debug, Clone, Copy)]
pub enum Edited {
    Sku(usize),
    Name(usize),
    Price(u32),
    Decimals(u8),
    Enabled(bool),
}

/// What somebody asks for.
#[derive(Debug, Clone)]
pub enum Step {
    Catalogue(Catalogue),
    Stock(Stock),
    Sales(Sales),
    Orders(Orders),
    Pos(Pos),
}

#[derive(Debug, Clone)]
pub enum Catalogue {
    Add { sku: usize, name: usize, first: u32 },
    Edit { product: usize, what: Edited },
    Remove(usize),
}

#[derive(Debug, Clone)]
pub enum Stock {
    Adjust {
        product: usize,
        location: usize,
        tenths: i32,
    },
    Count {
        product: usize,
        location: usize,
        tenths: u32,
        ago: Option<i64>,
    },
    RemoveLocation(usize),
    /// Of what a till was refused last.
    Restock,
}

#[derive(Debug, Clone)]
pub enum Sales {
    Sell { lines: Vec<Wanted>, location: usize, to: Option<bool> },
    Correct { sale: usize, lines: Option<Vec<Wanted>>, to: Option<Option<bool>> },
    Refund { sale: usize, lines: Vec<Wanted>, restock: bool },
    Void(usize),
}

#[derive(Debug, Clone)]
pub enum Orders {
    Place {
        to: bool,
        lines: Vec<Wanted>,
        code: Option<usize>,
        location: usize,
    },
    Checkout {
        whose: bool,
        code: Option<usize>,
    },
    /// What lines would come to, or a cart.
    Quote {
        lines: Option<Vec<Wanted>>,
        whose: bool,
        code: Option<usize>,
    },
    EditOrder {
        order: usize,
        lines: Option<Vec<Wanted>>,
        code: Option<Option<usize>>,
    },
    Move {
        order: usize,
        to: To,
    },
    /// To where it comes next.
    Advance(usize),
    DeleteOrder(usize),
    Return {
        order: usize,
        lines: Vec<Wanted>,
        restock: bool,
    },
}

#[derive(Debug, Clone)]
pub enum Pos {
    Report {
        till: usize,
        changes: Vec<(Named, i32, Option<i64>)>,
        under_old_id: Option<usize>,
    },
    ReportCounts {
        till: usize,
        counts: Vec<(Named, u32, Option<i64>)>,
    },
    /// What was sent before, rather something that was refused.
    Redeliver(usize),
    Retry(usize),
    Dismiss(usize),
    Map {
        till: usize,
        external: usize,
        product: usize,
    },
    Unmap {
        till: usize,
        external: usize,
    },
}

/// Who asks for a step.
#[derive(Debug, Clone, Copy)]
pub enum Who {
    Owner,
    Clerk,
    Shopper(bool),
}

/// What happens next.
#[derive(Debug, Clone)]
pub enum Event {
    /// Somebody asks for something, having seen this version.
    Asked(Step, Who, Option<i64>),
    /// Somebody puts something into their cart.
    Filled { whose: bool, product: usize, tenths: u32, code: Option<usize> },
    /// The clock goes on, or is set back.
    Ticked(i64),
}

/// Turns one number into as many choices as are wanted: the same ones every time.
struct Dice(u64);

impl Dice {
    /// One of `0..sides` (SplitMix64).
    fn below(&mut self, sides: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % u64::from(sides)) as u32
    }

    fn index(&mut self, len: u32) -> usize {
        self.below(len) as usize
    }

    fn percent(&mut self, chance: u32) -> bool {
        self.below(100) < chance
    }

    fn between(&mut self, least: i64, most: i64) -> i64 {
        least + i64::from(self.below((most - least + 1) as u32))
    }

    fn perhaps<T>(&mut self, chance: u32, value: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.percent(chance).then(|| value(self))
    }

    fn some<T>(&mut self, most: u32, mut value: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..=self.below(most + 1)).map(|_| value(self)).collect()
    }

    /// The index of one of these weights.
    fn weighted(&mut self, weights: &[u32]) -> usize {
        let mut rest = self.below(weights.iter().sum());
        let hit = |weight: &u32| {
            let is_hit = rest < *weight;
            rest = rest.saturating_sub(*weight);
            is_hit
        };
        weights.iter().position(hit).expect("it is below their sum")
    }

    fn product(&mut self) -> usize {
        if self.percent(80) { self.index(3) } else { 3 + self.index(6) }
    }

    fn location(&mut self) -> usize {
        self.weighted(&[8, 3, 1, 1])
    }

    fn tenths(&mut self) -> u32 {
        match self.weighted(&[24, 1, 1]) {
            0 => 10 + 10 * self.below(5),
            1 => 5,
            _ => 0,
        }
    }

    /// In tenths, mostly whole.
    fn change(&mut self) -> i32 {
        if self.percent(92) { 10 * self.between(-4, 8) as i32 } else { self.between(-15, 14) as i32 }
    }

    fn lines(&mut self) -> Vec<Wanted> {
        self.some(1, |dice| (dice.product(), dice.tenths(), dice.percent(10)))
    }

    fn few(&mut self) -> Vec<Wanted> {
        self.some(1, |dice| (dice.product(), 10 + 10 * dice.below(3), false))
    }

    fn code(&mut self) -> Option<usize> {
        self.perhaps(50, |dice| dice.index(4))
    }

    fn ago(&mut self) -> i64 {
        match self.weighted(&[14, 4, 1, 1]) {
            0 => self.between(-40, 400),
            1 => 0,
            2 => 40 * 86_400,
            _ => -400,
        }
    }

    fn named(&mut self) -> Named {
        match self.below(9) {
            0..3 => Named::Id(self.product()),
            3..6 => Named::Sku(if self.percent(85) { self.index(3) } else { self.index(8) }),
            _ => Named::External(self.index(3)),
        }
    }

    fn with_products(&mut self) -> Catalogue {
        match self.weighted(&[3, 4, 1]) {
            0 => Catalogue::Add { sku: self.index(8), name: self.index(8), first: self.below(5) },
            1 => Catalogue::Edit { product: self.index(9), what: self.edited() },
            _ => Catalogue::Remove(self.index(9)),
        }
    }

    fn edited(&mut self) -> Edited {
        match self.weighted(&[3, 2, 2, 3, 1]) {
            0 => Edited::Sku(self.index(8)),
            1 => Edited::Name(self.index(8)),
            2 => Edited::Price(1 + self.below(900)),
            3 => Edited::Decimals(self.below(3) as u8),
            _ => Edited::Enabled(self.percent(70)),
        }
    }

    fn with_stock(&mut self) -> Stock {
        let (product, location) = (self.product(), self.location());
        match self.weighted(&[4, 4, 1, 2]) {
            0 if location == 1 => Stock::Adjust { product, location, tenths: 10 * self.between(-2, 20) as i32 },
            0 => Stock::Adjust { product, location, tenths: self.change() },
            1 => Stock::Count { product, location, tenths: 10 * self.below(9), ago: self.perhaps(60, Self::ago) },
            2 => Stock::RemoveLocation(self.index(4)),
            _ => Stock::Restock,
        }
    }

    fn with_sales(&mut self) -> Sales {
        let sale = self.index(8);
        match self.weighted(&[4, 2, 3, 1]) {
            0 => {
                let (lines, location) = (self.lines(), self.location());
                Sales::Sell { lines, location, to: self.perhaps(50, |dice| dice.percent(50)) }
            }
            1 => {
                let to = self.perhaps(50, |dice| dice.perhaps(50, |dice| dice.percent(50)));
                Sales::Correct { sale, lines: self.perhaps(80, Self::lines), to }
            }
            2 => Sales::Refund { sale, lines: self.few(), restock: self.percent(50) },
            _ => Sales::Void(sale),
        }
    }

    fn with_orders(&mut self) -> Orders {
        let order = self.index(5);
        match self.weighted(&[5, 2, 4, 4, 7, 2, 4, 1]) {
            0 => {
                let (to, lines, code) = (self.percent(50), self.lines(), self.code());
                Orders::Place { to, lines, code, location: self.location() }
            }
            1 => Orders::Checkout { whose: self.percent(50), code: self.code() },
            2 => {
                let lines = self.perhaps(70, Self::lines);
                Orders::EditOrder { order, lines, code: self.perhaps(40, Self::code) }
            }
            3 => {
                let to = [To::Accept, To::Reject, To::Cancel, To::Ship, To::Deliver];
                Orders::Move { order, to: to[self.weighted(&[1, 2, 2, 1, 1])] }
            }
            4 => Orders::Advance(order),
            5 => Orders::DeleteOrder(order),
            6 => Orders::Return { order, lines: self.few(), restock: self.percent(50) },
            _ => {
                let lines = self.perhaps(50, Self::lines);
                Orders::Quote { lines, whose: self.percent(50), code: self.code() }
            }
        }
    }

    fn with_tills(&mut self) -> Pos {
        let (till, external) = (self.index(2), self.index(3));
        match self.weighted(&[6, 3, 6, 2, 1, 3, 2]) {
            0 => {
                // Several lines are often of one product. The second till refuses; one thing that is short can be put right.
                let mut named = self.named();
                let changes = self.some(2, |dice| {
                    if till == 0 && dice.percent(50) {
                        named = dice.named();
                    }
                    (named, dice.change(), dice.perhaps(30, Self::ago))
                });
                Pos::Report { till, changes, under_old_id: self.perhaps(5, |dice| dice.index(6)) }
            }
            1 => {
                let counts = self.some(1, |dice| (dice.named(), 10 * dice.below(9), dice.perhaps(60, Self::ago)));
                Pos::ReportCounts { till, counts }
            }
            2 => Pos::Redeliver(self.index(6)),
            3 => Pos::Retry(self.index(6)),
            4 => Pos::Dismiss(self.index(6)),
            5 => Pos::Map { till, external, product: self.product() },
            _ => Pos::Unmap { till, external },
        }
    }
}

impl Event {
    /// What this number stands for.
    pub fn from_seed(seed: u64) -> Self {
        let dice = &mut Dice(seed);
        match dice.weighted(&[24, 2, 1]) {
            0 => {
                let step = match dice.weighted(&[2, 2, 3, 5, 4]) {
                    0 => Step::Catalogue(dice.with_products()),
                    1 => Step::Stock(dice.with_stock()),
                    2 => Step::Sales(dice.with_sales()),
                    3 => Step::Orders(dice.with_orders()),
                    _ => Step::Pos(dice.with_tills()),
                };
                let is_ann = dice.percent(50);
                let who = [Who::Owner, Who::Clerk, Who::Shopper(is_ann)][dice.weighted(&[8, 2, 1])];
                Self::Asked(step, who, dice.perhaps(5, |dice| dice.between(0, 3)))
            }
            1 => {
                let (whose, product) = (dice.percent(50), dice.product());
                Self::Filled { whose, product, tenths: dice.tenths(), code: dice.code() }
            }
            _ if dice.percent(80) => Self::Ticked(dice.between(1, 200)),
            _ => Self::Ticked(dice.between(-200, -1)),
        }
    }
}
