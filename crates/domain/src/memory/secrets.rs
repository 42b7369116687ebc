//! What tills sign with, and which of their deliveries were not let in, in memory.

use super::Shop;
use crate::{
    ids::PosConnectionId,
    instant::Instant,
    pos::{KeptSecrets, PosConnection, RefusedDeliveries},
    repository::{PosConnections, Repository, Result},
};

impl PosConnections for Shop {
    fn connection_secrets(&mut self, id: PosConnectionId) -> Result<Option<KeptSecrets>> {
        Ok(self.secrets.get(&id).cloned())
    }

    fn set_connection_secrets(&mut self, id: PosConnectionId, secrets: &KeptSecrets) -> Result<()> {
        if Repository::<PosConnection>::find(self, id)?.is_some() {
            self.secrets.insert(id, secrets.clone());
        }
        Ok(())
    }

    fn all_connection_secrets(&mut self) -> Result<Vec<(PosConnection, KeptSecrets)>> {
        let kept = |(id, secrets): (&PosConnectionId, &KeptSecrets)| {
            let connection = self.book.pos.connections.get(id)?;
            Some(((**connection).clone(), secrets.clone()))
        };
        Ok(self.secrets.iter().filter_map(kept).collect())
    }

    fn seal_connection_secret_anew(&mut self, id: PosConnectionId, sealed: &str, anew: &str) -> Result<()> {
        let Some(secrets) = self.secrets.get_mut(&id) else { return Ok(()) };
        let before = secrets.before.as_mut().map(|(before, _)| before);
        for kept in std::iter::once(&mut secrets.current).chain(before).filter(|kept| *kept == sealed) {
            anew.clone_into(kept);
        }
        Ok(())
    }

    fn forget_old_connection_secrets(&mut self, now: Instant) -> Result<usize> {
        let old = self.secrets.values_mut().map(|kept| &mut kept.before);
        let forgotten = old.filter_map(|before| before.take_if(|(_, until)| *until <= now));
        Ok(forgotten.count())
    }

    fn refused_deliveries(&mut self, of: &[PosConnectionId]) -> Result<Vec<(PosConnectionId, RefusedDeliveries)>> {
        let of_these = self.refused_deliveries.iter().filter(|((connection, _), _)| of.contains(connection));
        Ok(of_these.map(|((connection, _), refused)| (*connection, *refused)).collect())
    }

    fn note_refused_deliveries(&mut self, refused: &[(PosConnectionId, RefusedDeliveries)]) -> Result<()> {
        for (id, more) in refused {
            let kept = self.refused_deliveries.entry((*id, more.reason));
            kept.and_modify(|kept| *kept = kept.and(*more)).or_insert(*more);
        }
        Ok(())
    }
}
