//! Creates the tables where no template does: on one machine, and in tests.

use std::time::Duration;

use aws_sdk_dynamodb::operation::create_table::CreateTableError;
use aws_sdk_dynamodb::operation::create_table::builders::CreateTableFluentBuilder;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, KeySchemaElement, KeyType, LocalSecondaryIndex, Projection, ProjectionType,
    ScalarAttributeType, TableStatus, TimeToLiveSpecification, TimeToLiveStatus,
};

use super::failure::classify;
use super::keys::Table;
use super::{Directory, DirectoryError, expiry};

/// The index that finds a record by its id.
pub(super) const BY_ID: &str = "by-id";

/// How often, and at which interval, a new table is asked whether it is ready: two minutes in all.
const POLLS: u32 = 120;
const POLL_INTERVAL: Duration = Duration::from_secs(1);

type Built<T> = Result<T, aws_sdk_dynamodb::error::BuildError>;

impl Directory {
    /// Creates both tables where they do not exist, on demand capacity, and waits until they are ready.
    ///
    /// # Errors
    /// Retryable when DynamoDB throttles or is out of reach, or a table is not ready after two minutes; fatal when it
    /// refuses.
    pub async fn create_tables(&self) -> Result<(), DirectoryError> {
        let built = self.directory_table().and_then(|directory| Ok((directory, self.state_table()?)));
        let (directory, state) = built.map_err(|error| DirectoryError::Refused {
            call: self.call("CreateTable", Table::Directory),
            detail: error.to_string(),
        })?;
        self.create(Table::Directory, directory).await?;
        self.create(Table::State, state).await?;
        self.let_items_expire().await
    }

    fn directory_table(&self) -> Built<CreateTableFluentBuilder> {
        let by_id = LocalSecondaryIndex::builder()
            .index_name(BY_ID)
            .key_schema(key("pk", KeyType::Hash)?)
            .key_schema(key("id", KeyType::Range)?)
            .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
            .build()?;
        let table = self.keyed_table(Table::Directory)?;
        Ok(table.attribute_definitions(string("id")?).local_secondary_indexes(by_id))
    }

    fn state_table(&self) -> Built<CreateTableFluentBuilder> {
        self.keyed_table(Table::State)
    }

    fn keyed_table(&self, table: Table) -> Built<CreateTableFluentBuilder> {
        let create = self.link.client.create_table().table_name(self.table(table));
        Ok(create
            .billing_mode(BillingMode::PayPerRequest)
            .attribute_definitions(string("pk")?)
            .attribute_definitions(string("sk")?)
            .key_schema(key("pk", KeyType::Hash)?)
            .key_schema(key("sk", KeyType::Range)?))
    }

    async fn create(&self, table: Table, request: CreateTableFluentBuilder) -> Result<(), DirectoryError> {
        match request.send().await {
            Ok(_) => {}
            Err(error) if matches!(error.as_service_error(), Some(CreateTableError::ResourceInUseException(_))) => {}
            Err(error) => return Err(classify(self.call("CreateTable", table), &error)),
        }
        for _ in 0..POLLS {
            let request = self.link.client.describe_table().table_name(self.table(table));
            let answer = self.send(self.call("DescribeTable", table), request.send()).await?;
            let status = answer.table.and_then(|table| table.table_status);
            if matches!(status, Some(TableStatus::Active | TableStatus::Updating)) {
                return Ok(());
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
        let detail = "the new table did not become active".to_owned();
        Err(DirectoryError::Unavailable { call: self.call("DescribeTable", table), detail })
    }

    /// Time to live on the state table; asking for it twice would be an error.
    async fn let_items_expire(&self) -> Result<(), DirectoryError> {
        let request = self.link.client.describe_time_to_live().table_name(self.table(Table::State));
        let answer = self.send(self.call("DescribeTimeToLive", Table::State), request.send()).await?;
        let status = answer.time_to_live_description.and_then(|description| description.time_to_live_status);
        if matches!(status, Some(TimeToLiveStatus::Enabled | TimeToLiveStatus::Enabling)) {
            return Ok(());
        }
        let call = self.call("UpdateTimeToLive", Table::State);
        let wanted = TimeToLiveSpecification::builder().enabled(true).attribute_name(expiry::EXPIRES).build();
        let wanted =
            wanted.map_err(|error| DirectoryError::Refused { call: call.clone(), detail: error.to_string() })?;
        let request = self.link.client.update_time_to_live().table_name(self.table(Table::State));
        self.send(call, request.time_to_live_specification(wanted).send()).await?;
        Ok(())
    }
}

fn string(name: &str) -> Built<AttributeDefinition> {
    AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build()
}

fn key(name: &str, kind: KeyType) -> Built<KeySchemaElement> {
    KeySchemaElement::builder().attribute_name(name).key_type(kind).build()
}
