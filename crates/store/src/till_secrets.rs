//! What tills sign with, sealed, and which of their deliveries were not let in.

use crate::{
    StoreError,
    connection::{Conn, Engine},
    dialect::{Array, Sql, on_both},
    list::unreadable,
    parts::one_of,
    pos::{Row as ConnectionRow, pos_connections},
    schema::tables,
    session::Session,
    types::{At, Id},
};
use diesel::prelude::*;
use tradepost_domain::{
    ids::PosConnectionId,
    instant::Instant,
    pos::{KeptSecrets, PosConnection, RefusedDeliveries, SignatureFault},
    repository::{self, PosConnections},
};

tables! {
    pos_refusals (connection_id, reason) {
        connection_id -> UuidSql,
        reason -> Text,
        count -> BigInt,
        last_at -> InstantSql,
        seconds_off -> Nullable<BigInt>,
    }
}

#[derive(Queryable, Selectable, AsChangeset)]
#[diesel(table_name = pos_connections, treat_none_as_null = true)]
struct SecretsRow {
    secret: Option<String>,
    secret_before: Option<String>,
    secret_before_until: Option<At>,
}

impl From<&KeptSecrets> for SecretsRow {
    fn from(kept: &KeptSecrets) -> Self {
        let before = kept.before.clone().map(|(sealed, until)| (sealed, until.into()));
        let (secret_before, secret_before_until) = before.unzip();
        Self { secret: Some(kept.current.clone()), secret_before, secret_before_until }
    }
}

impl SecretsRow {
    fn kept(self) -> Option<KeptSecrets> {
        let before = self.secret_before.zip(self.secret_before_until.map(Instant::from));
        Some(KeptSecrets { current: self.secret?, before })
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = pos_refusals)]
struct RefusedRow {
    connection_id: Id,
    reason: String,
    count: i64,
    last_at: At,
    seconds_off: Option<i64>,
}

impl RefusedRow {
    fn refused(self) -> Result<(PosConnectionId, RefusedDeliveries), StoreError> {
        let refused = RefusedDeliveries {
            reason: SignatureFault::parse(&self.reason).ok_or_else(|| unreadable("reason", self.reason))?,
            count: self.count,
            last_at: self.last_at.into(),
            seconds_off: self.seconds_off,
        };
        Ok((self.connection_id.into(), refused))
    }
}

impl PosConnections for Session<'_> {
    fn connection_secrets(&mut self, id: PosConnectionId) -> repository::Result<Option<KeptSecrets>> {
        let connection = pos_connections::table.find(Id::from(id)).filter(pos_connections::removed_at.is_null());
        let found = connection.select(SecretsRow::as_select());
        let row: Option<SecretsRow> = self.run(|conn| found.first(conn).optional())?;
        Ok(row.and_then(SecretsRow::kept))
    }

    fn set_connection_secrets(&mut self, id: PosConnectionId, secrets: &KeptSecrets) -> repository::Result<()> {
        let connection = pos_connections::table.find(Id::from(id)).filter(pos_connections::removed_at.is_null());
        self.run(|conn| diesel::update(connection).set(SecretsRow::from(secrets)).execute(conn))?;
        Ok(())
    }

    fn all_connection_secrets(&mut self) -> repository::Result<Vec<(PosConnection, KeptSecrets)>> {
        let all = pos_connections::table.filter(pos_connections::secret.is_not_null()).order(pos_connections::id);
        let rows: Vec<(ConnectionRow, SecretsRow)> = self.run(
            |conn| on_both!(conn, c => all.select((ConnectionRow::as_select(), SecretsRow::as_select())).load(c)),
        )?;
        let kept = |(connection, secrets): (ConnectionRow, SecretsRow)| {
            secrets.kept().map(|secrets| Ok((connection.connection()?, secrets)))
        };
        rows.into_iter().filter_map(kept).collect()
    }

    fn seal_connection_secret_anew(&mut self, id: PosConnectionId, sealed: &str, anew: &str) -> repository::Result<()> {
        let connection = || pos_connections::table.find(Id::from(id));
        let current = diesel::update(connection().filter(pos_connections::secret.eq(sealed)));
        self.run(|conn| current.set(pos_connections::secret.eq(anew)).execute(conn))?;
        let before = diesel::update(connection().filter(pos_connections::secret_before.eq(sealed)));
        self.run(|conn| before.set(pos_connections::secret_before.eq(anew)).execute(conn))?;
        Ok(())
    }

    fn forget_old_connection_secrets(&mut self, now: Instant) -> repository::Result<usize> {
        let old = pos_connections::table.filter(pos_connections::secret_before_until.le(At::from(now)));
        let none =
            (pos_connections::secret_before.eq(None::<String>), pos_connections::secret_before_until.eq(None::<At>));
        Ok(self.run(|conn| diesel::update(old).set(none).execute(conn))?)
    }

    fn refused_deliveries(
        &mut self,
        of: &[PosConnectionId],
    ) -> repository::Result<Vec<(PosConnectionId, RefusedDeliveries)>> {
        let of = of.iter().map(|id| Id::from(*id)).collect();
        let of_these = pos_refusals::table
            .filter(one_of(pos_refusals::connection_id, of))
            .order((pos_refusals::connection_id, pos_refusals::reason));
        let rows: Vec<RefusedRow> =
            self.run(|conn| on_both!(conn, c => of_these.select(RefusedRow::as_select()).load(c)))?;
        Ok(rows.into_iter().map(RefusedRow::refused).collect::<Result<_, _>>()?)
    }

    fn note_refused_deliveries(&mut self, refused: &[(PosConnectionId, RefusedDeliveries)]) -> repository::Result<()> {
        // In one order, so that two who write at once do not wait for each other in a circle.
        let mut refused = refused.to_vec();
        refused.sort_unstable_by_key(|(id, more)| (*id, more.reason));
        Ok(self.run(|conn| add(conn, &refused))?)
    }
}

/// One statement on PostgreSQL, a prepared one in a loop on SQLite.
fn add(conn: &mut Conn, refused: &[(PosConnectionId, RefusedDeliveries)]) -> QueryResult<()> {
    let into = || Sql::new("INSERT INTO pos_refusals (connection_id, reason, count, last_at, seconds_off) ");
    let or_more = |sql: Sql| {
        sql.text(
            " ON CONFLICT (connection_id, reason) DO UPDATE SET count = pos_refusals.count + excluded.count, \
             seconds_off = CASE WHEN excluded.last_at < pos_refusals.last_at THEN pos_refusals.seconds_off \
                 ELSE excluded.seconds_off END, \
             last_at = CASE WHEN excluded.last_at < pos_refusals.last_at THEN pos_refusals.last_at \
                 ELSE excluded.last_at END",
        )
    };
    if conn.engine() == Engine::Postgres {
        let ints = |of: fn(&RefusedDeliveries) -> i64| Array::Ints(refused.iter().map(|(_, more)| of(more)).collect());
        let sql = into()
            .text(
                "SELECT w.id, w.reason, w.count, w.last_at, CASE w.reason WHEN 'clock_off' THEN w.off END FROM unnest(",
            )
            .array(Array::Ids(refused.iter().map(|(id, _)| (*id).into()).collect()))
            .text(", ")
            .array(Array::Texts(refused.iter().map(|(_, more)| more.reason.as_str().to_owned()).collect()))
            .text(", ")
            .array(ints(|more| more.count))
            .text(", ")
            .array(Array::Ats(refused.iter().map(|(_, more)| more.last_at.into()).collect()))
            .text(", ")
            .array(ints(|more| more.seconds_off.unwrap_or_default()))
            .text(") AS w (id, reason, count, last_at, off)");
        return or_more(sql).execute(conn).map(|_| ());
    }
    for (id, more) in refused {
        let values = [
            Id::from(*id).into(),
            more.reason.as_str().into(),
            more.count.into(),
            more.last_at.into(),
            more.seconds_off.into(),
        ];
        or_more(into().text("VALUES (").list(values).text(")")).execute(conn)?;
    }
    Ok(())
}
