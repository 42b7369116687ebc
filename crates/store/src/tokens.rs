//! Credentials. A revoked one is a deleted row.

use crate::{
    StoreError,
    connection::Conn,
    dialect::{Array, Sql},
    list::unreadable,
    schema::tokens,
    session::Session,
    types::{At, Id, InstantSql, UuidSql},
    users,
};
use diesel::{
    prelude::*,
    sql_types::{Binary, Nullable},
};
use tradepost_domain::{
    identity::{Principal, Token},
    ids::{TokenId, UserId},
    instant::Instant,
    repository::{self, Tokens},
};

#[derive(QueryableByName)]
struct Found {
    #[diesel(embed)]
    user: users::Row,
    #[diesel(sql_type = UuidSql)]
    token_id: Id,
    #[diesel(sql_type = Binary)]
    hash: Vec<u8>,
    #[diesel(sql_type = InstantSql)]
    issued_at: At,
    #[diesel(sql_type = InstantSql)]
    expires_at: At,
    #[diesel(sql_type = Nullable<UuidSql>)]
    customer_id: Option<Id>,
}

impl Found {
    fn read(self) -> Result<(Token, Principal), StoreError> {
        let user = self.user.user()?;
        let hash = self.hash.try_into().map_err(|_| unreadable("token", "its hash has not 32 bytes"))?;
        let token = Token {
            id: self.token_id.into(),
            user: user.id,
            hash,
            created_at: self.issued_at.into(),
            expires_at: self.expires_at.into(),
        };
        Ok((token, Principal::of_user(&user, self.customer_id.map(Into::into))))
    }
}

impl Tokens for Session<'_> {
    fn add_token(&mut self, token: &Token) -> repository::Result<()> {
        let row = (
            tokens::id.eq(Id::from(token.id)),
            tokens::user_id.eq(Id::from(token.user)),
            tokens::hash.eq(token.hash.to_vec()),
            tokens::created_at.eq(At::from(token.created_at)),
            tokens::expires_at.eq(At::from(token.expires_at)),
        );
        self.run(|conn| diesel::insert_into(tokens::table).values(row).execute(conn))?;
        Ok(())
    }

    fn principal_by_token(&mut self, hash: &[u8; 32], now: Instant) -> repository::Result<Option<(Token, Principal)>> {
        let sql = Sql::new("SELECT ")
            .text(users::COLUMNS)
            .text(
                ", t.id AS token_id, t.hash, t.created_at AS issued_at, t.expires_at, c.id AS customer_id \
                 FROM tokens t JOIN users u ON u.id = t.user_id \
                 LEFT JOIN customers c ON c.user_id = u.id AND c.erased_at IS NULL \
                 WHERE u.active AND u.erased_at IS NULL AND t.hash = ",
            )
            .with(hash.as_slice())
            .text(" AND t.expires_at > ")
            .with(now);
        Ok(self.first::<Found>(sql)?.map(Found::read).transpose()?)
    }

    fn revoke_token(&mut self, id: TokenId) -> repository::Result<bool> {
        Ok(self.execute(Sql::new("DELETE FROM tokens WHERE id = ").with(Id::from(id)))? > 0)
    }

    fn revoke_all_tokens(&mut self, user: UserId) -> repository::Result<()> {
        self.execute(Sql::new("DELETE FROM tokens WHERE user_id = ").with(Id::from(user)))?;
        Ok(())
    }

    fn note_token_use(&mut self, uses: &[(TokenId, Instant)]) -> repository::Result<()> {
        Ok(self.run(|conn| note_use(conn, uses))?)
    }
}

fn note_use(conn: &mut Conn, uses: &[(TokenId, Instant)]) -> QueryResult<()> {
    if matches!(conn, Conn::Pg(_)) {
        let newer = "UPDATE tokens SET last_used_at = w.at FROM (SELECT id, MAX(at) AS at FROM unnest(";
        return Sql::new(newer)
            .array(Array::Ids(uses.iter().map(|(id, _)| (*id).into()).collect()))
            .text(", ")
            .array(Array::Ats(uses.iter().map(|(_, at)| (*at).into()).collect()))
            .text(") AS n (id, at) GROUP BY id) AS w WHERE w.id = tokens.id AND (last_used_at IS NULL OR last_used_at < w.at)")
            .execute(conn)
            .map(|_| ());
    }
    for (id, at) in uses {
        Sql::new("UPDATE tokens SET last_used_at = ")
            .with(*at)
            .text(" WHERE id = ")
            .with(Id::from(*id))
            .text(" AND (last_used_at IS NULL OR last_used_at < ")
            .with(*at)
            .text(")")
            .execute(conn)?;
    }
    Ok(())
}
