//! Credentials: tokens by their hashes. A revoked one is a deleted row. What a token looks like, and how it is hashed, is not here.

use crate::{
    StoreError,
    connection::{Conn, Engine},
    dialect::{Array, Sql},
    list::unreadable,
    schema::{customers, tokens, users},
    session::Session,
    types::{At, Id},
    users::Row as UserRow,
};
use diesel::prelude::*;
use tradepost_domain::{
    identity::{Principal, Token},
    ids::{TokenId, UserId},
    instant::Instant,
    repository::{self, Tokens},
};

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = tokens)]
struct Row {
    id: Id,
    user_id: Id,
    hash: Vec<u8>,
    created_at: At,
    expires_at: At,
}

impl From<&Token> for Row {
    fn from(token: &Token) -> Self {
        Self {
            id: token.id.into(),
            user_id: token.user.into(),
            hash: token.hash.to_vec(),
            created_at: token.created_at.into(),
            expires_at: token.expires_at.into(),
        }
    }
}

impl Row {
    fn token(self) -> Result<Token, StoreError> {
        Ok(Token {
            id: self.id.into(),
            user: self.user_id.into(),
            hash: self.hash.try_into().map_err(|_| unreadable("token", "its hash has not 32 bytes"))?,
            created_at: self.created_at.into(),
            expires_at: self.expires_at.into(),
        })
    }
}

impl Tokens for Session<'_> {
    fn add_token(&mut self, token: &Token) -> repository::Result<()> {
        let row = Row::from(token);
        self.run(|conn| diesel::insert_into(tokens::table).values(&row).execute(conn))?;
        Ok(())
    }

    fn principal_by_token(&mut self, hash: &[u8; 32], now: Instant) -> repository::Result<Option<(Token, Principal)>> {
        let record = customers::user_id.eq(users::id.nullable()).and(customers::erased_at.is_null());
        let alive = tokens::table
            .inner_join(users::table.on(users::id.eq(tokens::user_id)))
            .left_join(customers::table.on(record))
            .filter(tokens::hash.eq(hash.as_slice()))
            .filter(tokens::expires_at.gt(At::from(now)))
            .filter(users::active)
            .filter(users::erased_at.is_null())
            .select((Row::as_select(), UserRow::as_select(), customers::id.nullable()));
        let row: Option<(Row, UserRow, Option<Id>)> = self.run(|conn| alive.first(conn).optional())?;
        let Some((token, user, customer)) = row else { return Ok(None) };
        Ok(Some((token.token()?, Principal::of_user(&user.user()?, customer.map(Into::into)))))
    }

    fn revoke_token(&mut self, id: TokenId) -> repository::Result<bool> {
        let token = tokens::table.find(Id::from(id));
        Ok(self.run(|conn| diesel::delete(token).execute(conn))? > 0)
    }

    fn revoke_other_tokens(&mut self, user: UserId, kept: TokenId) -> repository::Result<()> {
        let others = tokens::table.filter(tokens::user_id.eq(Id::from(user))).filter(tokens::id.ne(Id::from(kept)));
        self.run(|conn| diesel::delete(others).execute(conn))?;
        Ok(())
    }

    fn revoke_all_tokens(&mut self, user: UserId) -> repository::Result<()> {
        let of_user = tokens::table.filter(tokens::user_id.eq(Id::from(user)));
        self.run(|conn| diesel::delete(of_user).execute(conn))?;
        Ok(())
    }

    fn note_token_use(&mut self, uses: &[(TokenId, Instant)]) -> repository::Result<()> {
        Ok(self.run(|conn| note_use(conn, uses))?)
    }
}

fn note_use(conn: &mut Conn, uses: &[(TokenId, Instant)]) -> QueryResult<()> {
    if conn.engine() == Engine::Postgres {
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
        let at = At::from(*at);
        let earlier = tokens::last_used_at.is_null().or(tokens::last_used_at.lt(at));
        let token = tokens::table.find(Id::from(*id)).filter(earlier);
        diesel::update(token).set(tokens::last_used_at.eq(Some(at))).execute(conn)?;
    }
    Ok(())
}
