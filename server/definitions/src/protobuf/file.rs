//! What a protobuf file declares.

#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) syntax: String,
    pub(super) package: String,
    pub(super) comment: String,
    pub(super) imports: Vec<String>,
    pub(super) options: Vec<String>,
    pub(super) services: Vec<Service>,
    pub(super) messages: Vec<Message>,
    pub(super) extensions: Vec<Message>,
}

#[derive(Debug)]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) comment: String,
    pub(super) options: Vec<String>,
    pub(super) methods: Vec<Method>,
}

#[derive(Debug)]
pub(super) struct Method {
    pub(super) name: String,
    pub(super) comment: String,
    pub(super) input: String,
    pub(super) input_streams: bool,
    pub(super) output: String,
    pub(super) output_streams: bool,
    pub(super) options: Vec<String>,
    pub(super) deprecated: bool,
}

/// A message, an enumeration, or what is added to a message from outside.
#[derive(Debug, Default)]
pub(super) struct Message {
    /// Of an extension: the message that it adds to.
    pub(super) name: String,
    pub(super) comment: String,
    pub(super) is_enumeration: bool,
    pub(super) deprecated: bool,
    pub(super) options: Vec<String>,
    /// Numbers and names that nobody may take, and numbers that others may.
    pub(super) reserved: Vec<String>,
    pub(super) open: Vec<String>,
    pub(super) parts: Vec<Part>,
    pub(super) inner: Vec<Message>,
    pub(super) extensions: Vec<Message>,
}

/// A field or a value.
#[derive(Debug, Default)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) number: String,
    pub(super) one_of: String,
    /// What is said of that.
    pub(super) one_of_comment: String,
    pub(super) options: String,
    pub(super) required: bool,
    pub(super) deprecated: bool,
    pub(super) comment: String,
}
