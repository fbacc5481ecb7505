//! Files and folders of one machine.
//!
//! A path is measured: absolute, without `.` and `..`, and with every symbolic link followed, so that
//! what a rule reads is what is opened.
//!
//! @generated from `compiler/interfaces/file.wpc`: do not edit.

/// Replaces a file's content, or adds to it.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum Append {}
/// Every argument of `append`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct AppendArguments<'a> {
    /// what is written
    pub content: ::core::option::Option<crate::Sealed<'a>>,
    /// size of what is written
    ///
    /// In bytes.
    pub content_bytes: ::core::primitive::u64,
    /// `path`.
    pub path: &'a ::core::primitive::str,
}
/// Arguments of `append` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct AppendOverrides<'a> {
    /// `content`, if it is stated.
    pub content: ::core::option::Option<crate::Sealed<'a>>,
    /// `content_bytes`, if it is stated.
    pub content_bytes: ::core::option::Option<::core::primitive::u64>,
    /// `path`, if it is stated.
    pub path: ::core::option::Option<&'a ::core::primitive::str>,
}
#[automatically_derived]
impl crate::Interface for Append {
    const TOOL: &'static ::core::primitive::str = "file";
    const ACTION: &'static ::core::primitive::str = "append";
    type Facts<'a> = AppendArguments<'a>;
    type Overrides<'a> = AppendOverrides<'a>;
    fn of_overrides<'a, 'o: 'a>(
        overrides: AppendOverrides<'o>,
    ) -> crate::__private::Measured<AppendArguments<'a>> {
        ::core::result::Result::Ok(AppendArguments {
            content: overrides.content,
            content_bytes: crate::__private::stated(
                "content_bytes",
                overrides.content_bytes,
            )?,
            path: crate::__private::stated("path", overrides.path)?,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for AppendArguments<'_> {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal)
            .optional("content", &self.content)
            .required("content_bytes", &self.content_bytes)
            .required("path", &self.path)
            .finish()
    }
}
#[automatically_derived]
impl crate::Record for Append {
    type Fields<'a> = AppendArguments<'a>;
}
#[automatically_derived]
impl crate::Plain for Append {
    fn of_arguments<'a, 'o: 'a>(
        described: AppendArguments<'a>,
        overrides: AppendOverrides<'o>,
    ) -> crate::__private::Measured<AppendArguments<'a>> {
        let _ = (described, overrides);
        ::core::result::Result::Ok(AppendArguments {
            content: crate::__private::agreed_if_any(
                "content",
                overrides.content,
                described.content,
            )?,
            content_bytes: described.content_bytes,
            path: described.path,
        })
    }
}
/// Makes a new file; fails if there is one.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum Create {}
/// Every argument of `create`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct CreateArguments<'a> {
    /// what is written
    pub content: ::core::option::Option<crate::Sealed<'a>>,
    /// size of what is written
    ///
    /// In bytes.
    pub content_bytes: ::core::primitive::u64,
    /// `path`.
    pub path: &'a ::core::primitive::str,
}
/// Arguments of `create` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct CreateOverrides<'a> {
    /// `content`, if it is stated.
    pub content: ::core::option::Option<crate::Sealed<'a>>,
    /// `content_bytes`, if it is stated.
    pub content_bytes: ::core::option::Option<::core::primitive::u64>,
    /// `path`, if it is stated.
    pub path: ::core::option::Option<&'a ::core::primitive::str>,
}
#[automatically_derived]
impl crate::Interface for Create {
    const TOOL: &'static ::core::primitive::str = "file";
    const ACTION: &'static ::core::primitive::str = "create";
    type Facts<'a> = CreateArguments<'a>;
    type Overrides<'a> = CreateOverrides<'a>;
    fn of_overrides<'a, 'o: 'a>(
        overrides: CreateOverrides<'o>,
    ) -> crate::__private::Measured<CreateArguments<'a>> {
        ::core::result::Result::Ok(CreateArguments {
            content: overrides.content,
            content_bytes: crate::__private::stated(
                "content_bytes",
                overrides.content_bytes,
            )?,
            path: crate::__private::stated("path", overrides.path)?,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for CreateArguments<'_> {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal)
            .optional("content", &self.content)
            .required("content_bytes", &self.content_bytes)
            .required("path", &self.path)
            .finish()
    }
}
#[automatically_derived]
impl crate::Record for Create {
    type Fields<'a> = CreateArguments<'a>;
}
#[automatically_derived]
impl crate::Plain for Create {
    fn of_arguments<'a, 'o: 'a>(
        described: CreateArguments<'a>,
        overrides: CreateOverrides<'o>,
    ) -> crate::__private::Measured<CreateArguments<'a>> {
        let _ = (described, overrides);
        ::core::result::Result::Ok(CreateArguments {
            content: crate::__private::agreed_if_any(
                "content",
                overrides.content,
                described.content,
            )?,
            content_bytes: described.content_bytes,
            path: described.path,
        })
    }
}
/// Deletes a file, or a folder with all that is in it.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum Delete {}
/// Every argument of `delete`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct DeleteArguments<'a> {
    /// files and folders that would be gone
    ///
    /// How many.
    pub entries: ::core::primitive::u64,
    /// `path`.
    pub path: &'a ::core::primitive::str,
}
/// Arguments of `delete` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct DeleteOverrides<'a> {
    /// `entries`, if it is stated.
    pub entries: ::core::option::Option<::core::primitive::u64>,
    /// `path`, if it is stated.
    pub path: ::core::option::Option<&'a ::core::primitive::str>,
}
#[automatically_derived]
impl crate::Interface for Delete {
    const TOOL: &'static ::core::primitive::str = "file";
    const ACTION: &'static ::core::primitive::str = "delete";
    type Facts<'a> = DeleteArguments<'a>;
    type Overrides<'a> = DeleteOverrides<'a>;
    fn of_overrides<'a, 'o: 'a>(
        overrides: DeleteOverrides<'o>,
    ) -> crate::__private::Measured<DeleteArguments<'a>> {
        ::core::result::Result::Ok(DeleteArguments {
            entries: crate::__private::stated("entries", overrides.entries)?,
            path: crate::__private::stated("path", overrides.path)?,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for DeleteArguments<'_> {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal)
            .required("entries", &self.entries)
            .required("path", &self.path)
            .finish()
    }
}
#[automatically_derived]
impl crate::Record for Delete {
    type Fields<'a> = DeleteArguments<'a>;
}
#[automatically_derived]
impl crate::Plain for Delete {
    fn of_arguments<'a, 'o: 'a>(
        described: DeleteArguments<'a>,
        overrides: DeleteOverrides<'o>,
    ) -> crate::__private::Measured<DeleteArguments<'a>> {
        let _ = (described, overrides);
        ::core::result::Result::Ok(DeleteArguments {
            entries: described.entries,
            path: described.path,
        })
    }
}
/// Looks at names, sizes and times.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum List {}
/// Every argument of `list`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct ListArguments<'a> {
    /// `path`.
    pub path: &'a ::core::primitive::str,
}
/// Arguments of `list` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct ListOverrides<'a> {
    /// `path`, if it is stated.
    pub path: ::core::option::Option<&'a ::core::primitive::str>,
}
#[automatically_derived]
impl crate::Interface for List {
    const TOOL: &'static ::core::primitive::str = "file";
    const ACTION: &'static ::core::primitive::str = "list";
    type Facts<'a> = ListArguments<'a>;
    type Overrides<'a> = ListOverrides<'a>;
    fn of_overrides<'a, 'o: 'a>(
        overrides: ListOverrides<'o>,
    ) -> crate::__private::Measured<ListArguments<'a>> {
        ::core::result::Result::Ok(ListArguments {
            path: crate::__private::stated("path", overrides.path)?,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for ListArguments<'_> {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal).required("path", &self.path).finish()
    }
}
#[automatically_derived]
impl crate::Record for List {
    type Fields<'a> = ListArguments<'a>;
}
#[automatically_derived]
impl crate::Plain for List {
    fn of_arguments<'a, 'o: 'a>(
        described: ListArguments<'a>,
        overrides: ListOverrides<'o>,
    ) -> crate::__private::Measured<ListArguments<'a>> {
        let _ = (described, overrides);
        ::core::result::Result::Ok(ListArguments {
            path: described.path,
        })
    }
}
/// Reads a file.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum Read {}
/// Every argument of `read`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct ReadArguments<'a> {
    /// size of the file
    ///
    /// In bytes.
    pub file_bytes: ::core::primitive::u64,
    /// `path`.
    pub path: &'a ::core::primitive::str,
}
/// Arguments of `read` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct ReadOverrides<'a> {
    /// `file_bytes`, if it is stated.
    pub file_bytes: ::core::option::Option<::core::primitive::u64>,
    /// `path`, if it is stated.
    pub path: ::core::option::Option<&'a ::core::primitive::str>,
}
#[automatically_derived]
impl crate::Interface for Read {
    const TOOL: &'static ::core::primitive::str = "file";
    const ACTION: &'static ::core::primitive::str = "read";
    type Facts<'a> = ReadArguments<'a>;
    type Overrides<'a> = ReadOverrides<'a>;
    fn of_overrides<'a, 'o: 'a>(
        overrides: ReadOverrides<'o>,
    ) -> crate::__private::Measured<ReadArguments<'a>> {
        ::core::result::Result::Ok(ReadArguments {
            file_bytes: crate::__private::stated("file_bytes", overrides.file_bytes)?,
            path: crate::__private::stated("path", overrides.path)?,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for ReadArguments<'_> {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal)
            .required("file_bytes", &self.file_bytes)
            .required("path", &self.path)
            .finish()
    }
}
#[automatically_derived]
impl crate::Record for Read {
    type Fields<'a> = ReadArguments<'a>;
}
#[automatically_derived]
impl crate::Plain for Read {
    fn of_arguments<'a, 'o: 'a>(
        described: ReadArguments<'a>,
        overrides: ReadOverrides<'o>,
    ) -> crate::__private::Measured<ReadArguments<'a>> {
        let _ = (described, overrides);
        ::core::result::Result::Ok(ReadArguments {
            file_bytes: described.file_bytes,
            path: described.path,
        })
    }
}
/// Moves a file or a folder.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum Rename {}
/// Every argument of `rename`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct RenameArguments<'a> {
    /// where it goes
    pub new_path: &'a ::core::primitive::str,
    /// `path`.
    pub path: &'a ::core::primitive::str,
}
/// Arguments of `rename` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct RenameOverrides<'a> {
    /// `new_path`, if it is stated.
    pub new_path: ::core::option::Option<&'a ::core::primitive::str>,
    /// `path`, if it is stated.
    pub path: ::core::option::Option<&'a ::core::primitive::str>,
}
#[automatically_derived]
impl crate::Interface for Rename {
    const TOOL: &'static ::core::primitive::str = "file";
    const ACTION: &'static ::core::primitive::str = "rename";
    type Facts<'a> = RenameArguments<'a>;
    type Overrides<'a> = RenameOverrides<'a>;
    fn of_overrides<'a, 'o: 'a>(
        overrides: RenameOverrides<'o>,
    ) -> crate::__private::Measured<RenameArguments<'a>> {
        ::core::result::Result::Ok(RenameArguments {
            new_path: crate::__private::stated("new_path", overrides.new_path)?,
            path: crate::__private::stated("path", overrides.path)?,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for RenameArguments<'_> {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal)
            .required("new_path", &self.new_path)
            .required("path", &self.path)
            .finish()
    }
}
#[automatically_derived]
impl crate::Record for Rename {
    type Fields<'a> = RenameArguments<'a>;
}
#[automatically_derived]
impl crate::Plain for Rename {
    fn of_arguments<'a, 'o: 'a>(
        described: RenameArguments<'a>,
        overrides: RenameOverrides<'o>,
    ) -> crate::__private::Measured<RenameArguments<'a>> {
        let _ = (described, overrides);
        ::core::result::Result::Ok(RenameArguments {
            new_path: described.new_path,
            path: described.path,
        })
    }
}
/// Looks at names, sizes and times.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum Stat {}
/// Every argument of `stat`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct StatArguments<'a> {
    /// `path`.
    pub path: &'a ::core::primitive::str,
}
/// Arguments of `stat` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct StatOverrides<'a> {
    /// `path`, if it is stated.
    pub path: ::core::option::Option<&'a ::core::primitive::str>,
}
#[automatically_derived]
impl crate::Interface for Stat {
    const TOOL: &'static ::core::primitive::str = "file";
    const ACTION: &'static ::core::primitive::str = "stat";
    type Facts<'a> = StatArguments<'a>;
    type Overrides<'a> = StatOverrides<'a>;
    fn of_overrides<'a, 'o: 'a>(
        overrides: StatOverrides<'o>,
    ) -> crate::__private::Measured<StatArguments<'a>> {
        ::core::result::Result::Ok(StatArguments {
            path: crate::__private::stated("path", overrides.path)?,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for StatArguments<'_> {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal).required("path", &self.path).finish()
    }
}
#[automatically_derived]
impl crate::Record for Stat {
    type Fields<'a> = StatArguments<'a>;
}
#[automatically_derived]
impl crate::Plain for Stat {
    fn of_arguments<'a, 'o: 'a>(
        described: StatArguments<'a>,
        overrides: StatOverrides<'o>,
    ) -> crate::__private::Measured<StatArguments<'a>> {
        let _ = (described, overrides);
        ::core::result::Result::Ok(StatArguments {
            path: described.path,
        })
    }
}
/// Replaces a file's content, or adds to it.
#[::core::prelude::v1::derive(::core::fmt::Debug)]
pub enum Write {}
/// Every argument of `write`, as a decision sees it.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug
)]
pub struct WriteArguments<'a> {
    /// what is written
    pub content: ::core::option::Option<crate::Sealed<'a>>,
    /// size of what is written
    ///
    /// In bytes.
    pub content_bytes: ::core::primitive::u64,
    /// `path`.
    pub path: &'a ::core::primitive::str,
}
/// Arguments of `write` that are stated beside a value.
#[::core::prelude::v1::derive(
    ::core::clone::Clone,
    ::core::marker::Copy,
    ::core::fmt::Debug,
    ::core::default::Default
)]
pub struct WriteOverrides<'a> {
    /// `content`, if it is stated.
    pub content: ::core::option::Option<crate::Sealed<'a>>,
    /// `content_bytes`, if it is stated.
    pub content_bytes: ::core::option::Option<::core::primitive::u64>,
    /// `path`, if it is stated.
    pub path: ::core::option::Option<&'a ::core::primitive::str>,
}
#[automatically_derived]
impl crate::Interface for Write {
    const TOOL: &'static ::core::primitive::str = "file";
    const ACTION: &'static ::core::primitive::str = "write";
    type Facts<'a> = WriteArguments<'a>;
    type Overrides<'a> = WriteOverrides<'a>;
    fn of_overrides<'a, 'o: 'a>(
        overrides: WriteOverrides<'o>,
    ) -> crate::__private::Measured<WriteArguments<'a>> {
        ::core::result::Result::Ok(WriteArguments {
            content: overrides.content,
            content_bytes: crate::__private::stated(
                "content_bytes",
                overrides.content_bytes,
            )?,
            path: crate::__private::stated("path", overrides.path)?,
        })
    }
}
#[automatically_derived]
impl crate::__private::Fact for WriteArguments<'_> {
    fn value(&self, seal: crate::__private::Seal<'_>) -> crate::__private::Valued {
        crate::__private::Fields::new(seal)
            .optional("content", &self.content)
            .required("content_bytes", &self.content_bytes)
            .required("path", &self.path)
            .finish()
    }
}
#[automatically_derived]
impl crate::Record for Write {
    type Fields<'a> = WriteArguments<'a>;
}
#[automatically_derived]
impl crate::Plain for Write {
    fn of_arguments<'a, 'o: 'a>(
        described: WriteArguments<'a>,
        overrides: WriteOverrides<'o>,
    ) -> crate::__private::Measured<WriteArguments<'a>> {
        let _ = (described, overrides);
        ::core::result::Result::Ok(WriteArguments {
            content: crate::__private::agreed_if_any(
                "content",
                overrides.content,
                described.content,
            )?,
            content_bytes: described.content_bytes,
            path: described.path,
        })
    }
}
