//! The Rust side of `vectors/generated/settlement.json`: layouts, tags, error numbers, trees and what verifiers
//! sign are the same here as in `protocol/settlement/`. Instruction data is parsed by the program itself in the tests
//! beside this one, which send what TypeScript encodes.

use serde_json::Value;
use settlement::{
    attestation::{hash_attestation, hash_content, Content, Place, SIGNED, SIGNED_PREFIX},
    precompile::Signed,
    tree::{check_proof, hash_leaf, Expected, Leaf, CLAIM_TAG, SPEND_TAG, STEP},
    Error, Key,
};
use settlement_interface::{accounts::*, instructions as tag};

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../vectors/generated/settlement.json")).unwrap()
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().expect("a list")
}

fn bytes(value: &Value) -> Vec<u8> {
    let text = value.as_str().expect("hex");
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn key(value: &Value) -> Key {
    bytes(value).try_into().expect("32 bytes")
}

/// Integers of 64 bits are strings, smaller ones numbers.
fn int(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| value.as_str().expect("a number").parse().unwrap())
}

/// The account's bytes as its layout, type and version checked, and its fields.
fn account<'a, T: Layout>(all: &'a Value, name: &str) -> (T, &'a Value) {
    let found = &all["accounts"][name];
    let data = bytes(&found["data"]);
    assert_eq!(data.len(), core::mem::size_of::<T>(), "{name}");
    let fields = &found["fields"];
    let head = ["kind", "version", "bump"].map(|field| int(&fields[field]) as u8);
    assert_eq!(data[..3], head, "{name}");
    assert_eq!(head[..2], [T::TYPE, VERSION], "{name}");
    // SAFETY: there are as many bytes as the layout has, and any are valid.
    (unsafe { data.as_ptr().cast::<T>().read_unaligned() }, fields)
}

macro_rules! same {
    ($account:expr, $fields:expr, $($field:ident $name:literal),* $(,)?) => {
        $(assert_eq!($account.$field as u64, int(&$fields[$name]), $name);)*
    };
}
macro_rules! same_keys {
    ($account:expr, $fields:expr, $($field:ident $name:literal),* $(,)?) => {
        $(assert_eq!($account.$field, key(&$fields[$name]), $name);)*
    };
}

#[test]
fn layouts_of_what_an_operator_sets_up() {
    let all = vectors();
    let (config, fields) = account::<Config>(&all, "config");
    same!(config, fields, paused "paused", fee_bps "feeBps", challenge_secs "challengeSecs",
        timelock_secs "timelockSecs", grace_secs "graceSecs", dead_man_secs "deadManSecs",
        unbond_secs "unbondSecs", set_active_at "setActiveAt", set_id "setId",
        previous_set_id "previousSetId");
    same_keys!(config, fields, admin "admin", guardian "guardian", treasury "treasury",
        cluster_tag "clusterTag");
    let (set, fields) = account::<VerifierSet>(&all, "verifierSet");
    same!(set, fields, quorum "quorum", members "members", set_id "setId");
    same_keys!(set, fields, config "config");
    let keys: Vec<Key> = list(&fields["keys"]).iter().map(key).collect();
    assert_eq!(set.keys[..], keys);
    let (bond, fields) = account::<Bond>(&all, "bond");
    same!(bond, fields, amount "amount", unlock_at "unlockAt");
    same_keys!(bond, fields, config "config", verifier "verifier");
}

#[test]
fn layouts_of_what_holds_money() {
    let all = vectors();
    let (pool, fields) = account::<Pool>(&all, "pool");
    same!(pool, fields, vault_bump "vaultBump", decimals "decimals", retired "retired",
        extra_quorum "extraQuorum", period "period", attempt "attempt", finalized_at "finalizedAt",
        period_cap "periodCap", total "total", pulled_total "pulledTotal",
        claimed_total "claimedTotal", spend_leaf_count "spendLeafCount",
        escrow_count "escrowCount");
    same_keys!(pool, fields, config "config", mint "mint", spend_root "spendRoot");
    let (pending, inside) = (&pool.pending, &fields["pending"]);
    same!(pending, inside, state "state", signers "signers", set_id "setId", total "total",
        claim_leaf_count "claimLeafCount", spend_leaf_count "spendLeafCount",
        challenge_end "challengeEnd", expires_at "expiresAt");
    same_keys!(pending, inside, claim_root "claimRoot", spend_root "spendRoot",
        data_hash "dataHash", digest "digest");
    assert_eq!(list(&fields["roots"]).len(), ROOTS);
    for (root, inside) in pool.roots.iter().zip(list(&fields["roots"])) {
        same!(root, inside, period "period", total "total", leaf_count "leafCount");
        same_keys!(root, inside, claim_root "claimRoot", data_hash "dataHash");
    }
    let (escrow, fields) = account::<Escrow>(&all, "escrow");
    same!(escrow, fields, vault_bump "vaultBump", index "index", nonce "nonce",
        deposited "deposited", pulled "pulled", refunded "refunded", refund_from "refundFrom",
        requested "requested");
    same_keys!(escrow, fields, pool "pool", poster "poster", rent_payer "rentPayer");
    let (page, fields) = account::<Page>(&all, "page");
    same!(page, fields, page_no "pageNo");
    same_keys!(page, fields, pool "pool", rent_payer "rentPayer");
    assert!(page.claimed.iter().zip(0u64..).all(|(claimed, at)| *claimed == at << 32));
}

#[test]
fn numbers_of_instructions() {
    let tags = [
        ("initConfig", tag::INIT_CONFIG),
        ("newVerifierSet", tag::NEW_VERIFIER_SET),
        ("bond", tag::BOND),
        ("unbond", tag::UNBOND),
        ("createPool", tag::CREATE_POOL),
        ("openEscrow", tag::OPEN_ESCROW),
        ("deposit", tag::DEPOSIT),
        ("createPage", tag::CREATE_PAGE),
        ("proposeRoot", tag::PROPOSE_ROOT),
        ("attest", tag::ATTEST),
        ("challengeClaim", tag::CHALLENGE_CLAIM),
        ("challengeSpend", tag::CHALLENGE_SPEND),
        ("challengeDouble", tag::CHALLENGE_DOUBLE),
        ("veto", tag::VETO),
        ("finalizeRoot", tag::FINALIZE_ROOT),
        ("pull", tag::PULL),
        ("claim", tag::CLAIM),
        ("requestRefund", tag::REQUEST_REFUND),
        ("refund", tag::REFUND),
        ("closeEscrow", tag::CLOSE_ESCROW),
        ("closePage", tag::CLOSE_PAGE),
        ("pause", tag::PAUSE),
        ("retirePool", tag::RETIRE_POOL),
    ];
    let all = vectors();
    let found = list(&all["instructions"]);
    assert_eq!(found.len(), tags.len());
    for (each, (name, number)) in found.iter().zip(tags) {
        assert_eq!(each["name"], name);
        assert_eq!(int(&each["tag"]), u64::from(number), "{name}");
        assert_eq!(bytes(&each["data"])[0], number, "{name}");
    }
}

#[test]
fn numbers_of_errors() {
    use Error::*;
    let errors = [
        InstructionUnknown, DataMalformed, AccountsMissing, SignatureMissing, AccountNotOurs,
        AccountWrongType, AddressWrong, AccountUnrelated, ProgramWrong, Overflow, NotAdmin,
        NotGuardian, NotPoster, NotVerifier, Paused, PoolRetired, SettingOutOfRange, SetOutOfRange,
        SetKeyTwice, SetPending, SetInactive, RentUnreadable, ClockUnreadable, AmountZero,
        EscrowOver, EscrowShort, EscrowNotEmpty, TokenAccountWrong, RecipientWrong, PeriodWrong,
        TotalFalls, PeriodCap, RootPending, NothingPending, AttestationExpired, ExpiryTooFar,
        QuorumMissing, WindowOpen, PrecompileMissing, PrecompileLayout, MessageWrong,
        SignerUnknown, SignerTwice, RootUnknown, IndexOutOfRange, ProofLength, ProofWrong,
        PageWrong, NothingDue, NotPulled, NoFraud, BondsMissing, BondLocked, RefundEarly,
        NothingToRefund, PoolOwes,
    ];
    let all = vectors();
    let numbers: Vec<u64> = list(&all["errors"]).iter().map(|each| int(&each["number"])).collect();
    assert_eq!(numbers, errors.map(|error| error as u64));
}

fn tag_of(value: &Value) -> &'static [u8; 16] {
    match value.as_str() {
        Some("claim/v1") => CLAIM_TAG,
        Some("spend/v1") => SPEND_TAG,
        _ => panic!("{value} is no tag"),
    }
}

#[test]
fn hashes_of_leaves() {
    for each in list(&vectors()["leaves"]) {
        let (pool, recipient) = (key(&each["pool"]), key(&each["recipient"]));
        let leaf = Leaf {
            tag: tag_of(&each["tag"]),
            pool: &pool,
            index: int(&each["index"]) as u32,
            recipient: &recipient,
            cumulative: int(&each["cumulative"]),
        };
        assert_eq!(hash_leaf(&leaf), key(&each["hash"]), "{each}");
    }
}

#[test]
fn proofs_of_every_leaf_and_of_nothing_else() {
    for tree in list(&vectors()["trees"]) {
        let (pool, root) = (key(&tree["pool"]), key(&tree["root"]));
        let (total, leaf_count) = (int(&tree["total"]), int(&tree["leafCount"]) as u32);
        let expected = Expected { root: &root, total, leaf_count };
        for each in list(&tree["proofs"]) {
            let (recipient, proof) = (key(&each["recipient"]), bytes(&each["proof"]));
            let (index, cumulative) = (int(&each["index"]) as u32, int(&each["cumulative"]));
            let leaf = |index, cumulative| Leaf {
                tag: tag_of(&tree["tag"]),
                pool: &pool,
                index,
                recipient: &recipient,
                cumulative,
            };
            let check = |leaf: Leaf, proof: &[u8]| check_proof(&leaf, proof, &expected);
            assert_eq!(check(leaf(index, cumulative), &proof), Ok(()));
            assert_ne!(check(leaf(index, cumulative + 1), &proof), Ok(()));
            assert_eq!(check(leaf(leaf_count, cumulative), &proof), Err(Error::IndexOutOfRange));
            let longer = [&proof[..], &[0; STEP]].concat();
            assert_eq!(check(leaf(index, cumulative), &longer), Err(Error::ProofLength));
            for at in 0..proof.len() {
                let mut turned = proof.clone();
                turned[at] ^= 1 << (at % 8);
                assert_ne!(check(leaf(index, cumulative), &turned), Ok(()), "byte {at}");
            }
            let less = Expected { total: total.wrapping_sub(1), ..expected };
            assert_eq!(check_proof(&leaf(index, cumulative), &proof, &less), Err(Error::ProofWrong));
        }
    }
}

#[test]
fn digests_that_verifiers_sign() {
    for each in list(&vectors()["attestations"]) {
        let keys = |of: &Value, names: [&str; 4]| names.map(|name| key(&of[name]));
        let (inside, at) = (&each["content"], &each["place"]);
        let [claim_root, spend_root, data_hash, _] =
            keys(inside, ["claimRoot", "spendRoot", "dataHash", "dataHash"]);
        let content = hash_content(&Content {
            claim_root: &claim_root,
            spend_root: &spend_root,
            total: int(&inside["total"]),
            claim_leaf_count: int(&inside["claimLeafCount"]) as u32,
            spend_leaf_count: int(&inside["spendLeafCount"]) as u32,
            data_hash: &data_hash,
        });
        assert_eq!(content, key(&each["contentHash"]));
        let [cluster_tag, program, pool, previous] =
            keys(at, ["clusterTag", "program", "pool", "previous"]);
        let place = Place {
            cluster_tag: &cluster_tag,
            program: &program,
            pool: &pool,
            set_id: int(&at["setId"]) as u32,
            period: int(&at["period"]),
            attempt: int(&at["attempt"]),
            previous: &previous,
        };
        let digest = hash_attestation(&place, &content, int(&each["expiresAt"]));
        assert_eq!(digest, key(&each["digest"]));
        let signed = [&SIGNED_PREFIX[..], &digest].concat();
        assert_eq!(signed, bytes(&each["signed"]));
        assert_eq!(signed.len(), SIGNED);
    }
}

#[test]
fn signatures_in_their_one_form() {
    for each in list(&vectors()["attestations"]) {
        let data = bytes(&each["precompile"]);
        let members: Vec<Key> = list(&each["members"]).iter().map(key).collect();
        let signed = Signed::decode(&data).unwrap_or_else(|error| panic!("{error:?}"));
        assert_eq!(signed.require_message(&key(&each["digest"])), Ok(()));
        assert_eq!(signed.require_message(&[0; 32]), Err(Error::MessageWrong));
        assert_eq!(u64::from(signed.bits(&members).unwrap()), int(&each["bits"]));
        assert_eq!(signed.bits(&members[..1]), Err(Error::SignerUnknown));
        let mut turned = data.clone();
        // Counts and offsets, each byte of them.
        for at in 0..2 + 14 * usize::from(data[0]) {
            turned[at] ^= 1;
            assert!(Signed::decode(&turned).is_err(), "byte {at}");
            turned[at] ^= 1;
        }
        for len in 0..data.len() {
            assert!(Signed::decode(&data[..len]).is_err(), "{len} bytes");
        }
    }
}
