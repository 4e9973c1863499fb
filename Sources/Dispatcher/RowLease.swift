import Store

/// A lease as a row has it; the engine's own is `LeaseExtension` too.
typealias RowLease = LeaseExtension
