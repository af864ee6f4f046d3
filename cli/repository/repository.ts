/** A file of a repository, by its path; what is known of it before it is read. */
export interface Entry {
  path: string;
  bytes?: number;
  /** SHA-256 in hex. */
  sha256?: string;
}

/** A model as it is published: in a folder, or on a server. */
export interface Repository {
  /** What sentences call it. */
  title: string;
  /** What it is called on a hub, where nothing else is said. */
  name: string;
  revision?: string;
  entries: readonly Entry[];
  /** The one ONNX file that was asked for by its path, where one was. */
  only?: Entry;
  /** Makes sure that a file is on this disk, whole; gives where. */
  fetch(entry: Entry): Promise<string>;
  /** Forgets what was kept on its way; the hub has it now. */
  forget(): Promise<void>;
  /** Removes what was made for this run alone. */
  close?(): Promise<void>;
}
