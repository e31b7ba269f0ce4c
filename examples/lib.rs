//! The examples of the workspace; each target is a file of this folder.
