//! Every reason the program says no: the custom error of a failed transaction. Numbers never move.
//! The sentences are in `protocol/values/program-errors.ts`.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Error {
    // Input
    InstructionUnknown = 1,
    DataMalformed = 2,
    AccountsMissing = 3,
    SignatureMissing = 4,
    AccountNotOurs = 5,
    AccountWrongType = 6,
    AddressWrong = 7,
    AccountUnrelated = 8,
    ProgramWrong = 9,
    Overflow = 10,
    // Authority
    NotAdmin = 20,
    NotGuardian = 21,
    NotPoster = 22,
    NotVerifier = 23,
    Paused = 24,
    PoolRetired = 25,
    // Configuration
    SettingOutOfRange = 30,
    SetOutOfRange = 31,
    SetKeyTwice = 32,
    SetPending = 33,
    SetInactive = 34,
    RentUnreadable = 35,
    ClockUnreadable = 36,
    // Money
    AmountZero = 40,
    EscrowOver = 41,
    EscrowShort = 42,
    EscrowNotEmpty = 43,
    TokenAccountWrong = 44,
    RecipientWrong = 45,
    // Roots
    PeriodWrong = 50,
    TotalFalls = 51,
    PeriodCap = 52,
    RootPending = 53,
    NothingPending = 54,
    AttestationExpired = 55,
    ExpiryTooFar = 56,
    QuorumMissing = 57,
    WindowOpen = 58,
    TurnOfAnother = 59,
    // Signatures
    PrecompileMissing = 60,
    PrecompileLayout = 61,
    MessageWrong = 62,
    SignerUnknown = 63,
    SignerTwice = 64,
    // Trees
    RootUnknown = 70,
    IndexOutOfRange = 71,
    ProofLength = 72,
    ProofWrong = 73,
    PageWrong = 74,
    NothingDue = 75,
    NotPulled = 76,
    // Challenges
    NoFraud = 80,
    BondsMissing = 81,
    BondLocked = 82,
    // Refunds and closing
    RefundEarly = 90,
    NothingToRefund = 91,
    PoolOwes = 92,
}
