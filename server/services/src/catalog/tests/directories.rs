//! People of whom a directory told before the catalog knew them.

use domain::identity::Subject;
use sea_orm::ConnectionTrait as _;
use serde_json::json;

use super::*;
use crate::identity;

#[tokio::test]
async fn one_that_cannot_be_read_keeps_nobody_from_being_found() {
    look_again(World::new().await).await;
}

#[tokio::test]
async fn on_postgres_too_one_that_cannot_be_read_keeps_nobody_from_being_found() {
    look_again(World::on_postgres().await).await;
}

async fn look_again(mut world: World) {
    world.caller = Caller::new(Tenant::default(), Subject::Administrator);
    let (services, caller) = (world.services.clone(), world.caller.clone());
    let mut ids = Vec::new();
    for name in ["first", "broken", "last"] {
        let person = json!({ "userName": format!("{name}@saltmarsh.example"), "emails": [{ "value": format!("{name}@saltmarsh.example") }] });
        ids.push(identity::scim::create_user(&services, &caller, &person).await.unwrap().id);
    }
    // The one in the middle of those that are gone through.
    services
        .db
        .execute_unprepared(&format!("UPDATE scim_users SET document = '{{' WHERE id = '{}'", ids[1]))
        .await
        .unwrap();
    let user = |name: &str| {
        format!(
            "apiVersion: backstage.io/v1alpha1\nkind: User\nmetadata: {{name: {name}}}\nspec: {{memberOf: [], profile: {{email: {name}@saltmarsh.example}}}}\n---\n"
        )
    };
    world.write(HERE, "catalog-info.yaml", &["first", "broken", "last"].map(user).concat());
    world.register(HERE).await;
    identity::scim::rematch(&services).await.unwrap();
    let rows = services
        .db
        .query_all_raw(sea_orm::Statement::from_string(
            services.db.get_database_backend(),
            "SELECT user_name, who FROM scim_users ORDER BY user_name",
        ))
        .await
        .unwrap();
    let found: Vec<Option<String>> = rows.iter().map(|row| row.try_get("", "who").unwrap()).collect();
    assert_eq!(found, [None, Some("user:default/first".to_owned()), Some("user:default/last".to_owned())]);
}
