//! What the settings of PostgreSQL must be.

use super::Database;

impl Database {
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if !(14..=1_202).contains(&self.connections) {
            faults.push("database.connections must be 14 to 1,202".to_owned());
        }
        if let Some(each) = self.max_connections {
            let all = each.saturating_mul(6).saturating_add(2);
            faults
                .push(format!("database.max_connections is gone: all of a host are database.connections = {all} now"));
        }
        faults
    }
}
