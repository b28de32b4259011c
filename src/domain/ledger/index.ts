export { makeAnchorCheckpoints, makeThinCheckpoints } from './anchor/anchor-checkpoints';
export { anchorServices } from './anchor/anchor-services';
export { dailySizes, readAnchors, sizesAround, type StoredAnchor } from './anchor/anchor.store';
export type { AnchorClass, AnchorService } from './anchor/anchor.types';
export { anchorReader, type ReadAnchorTime } from './anchor/stored-anchor.rules';
export { cosignedNote } from './anchor/cosigned-note.rules';
export { makeReadAnchors, NONE_INDEPENDENT, type AnchorsView } from './anchor/read-anchors';
export { chainEndMac, closedLeafMac } from './closed-leaf.rules';
export type { ClosedState } from './closed-leaf.types';
export type { CheckpointCopy } from './checkpoint-copy.types';
export type { LeafCopy } from './leaf-copy.types';
export { continueLog, readLogEnds, type ContinuedLog, type ContinueLogDeps, type LogEnds } from './continue-log';
export { leafInputs } from './leaf-inputs';
export { LogHaltedError, type HaltReason } from './ledger.errors';
export {
  firstSizesOver,
  leafIndexes,
  readCheckpoints,
  readHead,
  readTiles,
  type StoredCheckpoint,
} from './ledger.store';
export {
  bundleSigner,
  erasureSigner,
  parseCheckpoint,
  parseNote,
  parseVkey,
  signNote,
  vkeyOf,
  type NoteSigner,
} from './note.rules';
export { pendingMac } from './pending-mac.rules';
export { makeLogProofs, type LogProofs } from './proofs';
export { makeReadLog, type ReadLog } from './read-log';
export {
  isManifestSigned,
  logKeys,
  logSigner,
  logVkey,
  readSignedCheckpoint,
  signCertificate,
  signManifest,
  type LogKey,
} from './log-keys';
export { isAuthentic, makeSequence, type SequenceDeps, type SequenceResult } from './sequence';
export { INPUT_LEVEL, TILE_WIDTH, type Tile, type TilePlace } from './tree.rules';
