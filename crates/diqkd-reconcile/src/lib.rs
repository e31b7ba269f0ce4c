//! LDPC syndrome reconciliation with exact leak accounting
