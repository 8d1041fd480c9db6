//! What strangers, and clients gone wrong, can do to the interface and to the page: nothing
//! that anybody else notices.

mod bearers;
mod bodies;
mod connections;
mod connects;
mod forms;
mod headers;
mod issuers;
mod operations;
mod raw;
mod rows;
