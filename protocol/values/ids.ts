import * as v from 'valibot';

const hex = (characters: number, what: string) =>
  v.pipe(
    v.string(),
    v.regex(new RegExp(`^[0-9a-f]{${characters}}$`), `expected ${what}: ${characters} hex digits`),
  );

/** SHA-256, 64 lower-case hex digits. */
export const Digest = v.pipe(hex(64, 'a SHA-256 digest'), v.brand('Digest'));
export type Digest = v.InferOutput<typeof Digest>;

/** Root of a BEP 52 file tree (SHA-256 over 16 KiB leaves). Names a blob. */
export const Root = v.pipe(hex(64, 'a file tree root'), v.brand('Root'));
export type Root = v.InferOutput<typeof Root>;

/** Ed25519 public key (RFC 8032). It is the identity of a device, a verifier or a hub. */
export const PublicKey = v.pipe(hex(64, 'an Ed25519 public key'), v.brand('PublicKey'));
export type PublicKey = v.InferOutput<typeof PublicKey>;

/** Ed25519 signature (RFC 8032). */
export const Signature = v.pipe(hex(128, 'an Ed25519 signature'), v.brand('Signature'));
export type Signature = v.InferOutput<typeof Signature>;

/** 32 random bytes: a challenge, or the salt of a commitment. */
export const Nonce = v.pipe(hex(64, '32 random bytes'), v.brand('Nonce'));
export type Nonce = v.InferOutput<typeof Nonce>;

/** `job_` and 16 hex digits. */
export const JobId = v.pipe(
  v.string(),
  v.regex(/^job_[0-9a-f]{16}$/, 'expected a job id such as job_0123456789abcdef'),
  v.brand('JobId'),
);
export type JobId = v.InferOutput<typeof JobId>;

/** Names the holder of an API key without telling the key; the same for all that the key posts. */
export const DeveloperId = v.pipe(
  v.string(),
  v.regex(/^dev_[0-9a-f]{16}$/, 'expected a developer id such as dev_0123456789abcdef'),
  v.brand('DeveloperId'),
);
export type DeveloperId = v.InferOutput<typeof DeveloperId>;

/** 16 random bytes in hex. */
export const LeaseId = v.pipe(hex(32, 'a lease id'), v.brand('LeaseId'));
export type LeaseId = v.InferOutput<typeof LeaseId>;

/** The name a browser goes by at the PeerServer; given by the hub in `welcome`. */
export const PeerId = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9][a-z0-9-]{2,63}$/, 'expected a peer id'),
  v.brand('PeerId'),
);
export type PeerId = v.InferOutput<typeof PeerId>;
