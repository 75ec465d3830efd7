/**
 * AssemblyScript: walks many pieces of the scan at once. Each look-up waits for the one before it, for some twenty
 * cycles; four lanes, each with a piece of its own, wait together. No branch depends on what a block holds.
 *
 * A piece may start anywhere: Huffman codes fall into step again after some hundred symbols. Whoever comes from the
 * front compares its MCUs' starts with those noted here, and goes on with ours from the first one that is the same.
 * Before that, a code that does not exist means only that the lane is not in step.
 *
 * A piece, 64 bytes, by their offsets: 0 start, 4 stop (bits; it ends with the first MCU that starts there or behind),
 * 8 most MCUs, 12 whether an MCU starts at its start. Answered: 16 end, 20 MCUs, 24 behind the last code that does not
 * exist, 0 for none, 28 and 32 its first and last note, 0 for none, 48 DC predictors, from 0.
 * A note, 32 bytes: 0 its MCU's first bit, 4 the next note, 8 its MCU, counted from the piece's start, 16 predictors.
 */

import { BLOCKS, FAST_BITS, LANES, NOWHERE, OK, PARKING, PIECES } from "./memory-map";
import { top } from "./scan-input";
import { NO_PIECE, symbolBits, symbolDc, symbolNext, walkingPiece, walkSymbol } from "./symbol-walk";

const LANE_COUNT: usize = 4;
const LANE_BYTES: usize = 64;
/** An MCU in so many is noted. */
const NOTED: u32 = 32;

// A lane, by offsets: 0 bit, 4 coefficient, 8 block, 12 table, 16 piece, 20 MCUs, 24 stop, 28 most MCUs, 32 predictors.

let active: u32 = 0;
let nextPiece: usize = 0;
let endOfPieces: usize = 0;
let nextNote: usize = 0;
let endOfNotes: usize = 0;
let endOfBlocks: usize = 0;

/** Walks `count` PIECES; notes go to [notes, notesEnd), as many as there is room for. */
export function survey(count: u32, notes: usize, notesEnd: usize, blocks: u32): void {
  nextPiece = PIECES;
  endOfPieces = PIECES + ((<usize>count) << 6);
  nextNote = notes;
  endOfNotes = notesEnd;
  endOfBlocks = BLOCKS + ((<usize>blocks) << 4);
  store<u32>(PARKING, <u32>NOWHERE);
  store<u32>(PARKING, <u32>NOWHERE, 4);
  active = <u32>LANE_COUNT;
  for (let i: usize = 0; i < LANE_COUNT; i++) takePiece(LANES + i * LANE_BYTES);
  const last = top - 7;
  const lastBlock = endOfBlocks;
  while (active > 0)
    for (let lane = LANES; lane < LANES + LANE_COUNT * LANE_BYTES; lane += LANE_BYTES) {
      const p = load<u32>(lane);
      const bits = load<u64>(last - (p >> 3)) << (p & 7);
      const entry = load<u32>(<usize>load<u32>(lane, 12) + ((<usize>(bits >> (64 - FAST_BITS))) << 2));
      const next = load<u32>(lane, 4) + ((entry >> 5) & 1023);
      if ((u32(next > 64) & u32(next - 128 > 63)) !== 0) {
        slowly(lane);
        continue;
      }
      const block = load<u32>(lane, 8);
      const predictor = lane + <usize>load<u32>(block, 8);
      store<i32>(predictor, load<i32>(predictor, 32) + (<i32>entry >> 16), 32);
      store<u32>(lane, p + (entry & 31));
      const ended = <u32>(next >= 64);
      store<u32>(lane, next & (ended - 1), 4);
      const now = block + (ended << 4);
      store<u32>(lane, now, 8);
      if (now === <u32>lastBlock) endMcu(lane);
      else store<u32>(lane, load<u32>(now + ((1 - ended) << 2)), 12);
    }
  walkingPiece(NO_PIECE);
}

function takePiece(lane: usize): void {
  store<u32>(lane, 0, 4);
  if (nextPiece === endOfPieces) {
    store<u32>(lane, 0);
    store<u32>(lane, <u32>PARKING, 8);
    store<u32>(lane, <u32>NOWHERE, 12);
    active--;
    return;
  }
  store<u32>(lane, load<u32>(nextPiece));
  store<u32>(lane, <u32>BLOCKS, 8);
  store<u32>(lane, load<u32>(BLOCKS), 12);
  store<u32>(lane, <u32>nextPiece, 16);
  store<u32>(lane, 0, 20);
  store<u32>(lane, load<u32>(nextPiece, 4), 24);
  store<u32>(lane, load<u32>(nextPiece, 8), 28);
  v128.store(lane, i32x4.splat(0), 32);
  store<u32>(nextPiece, 0, 24);
  store<u64>(nextPiece, 0, 28);
  nextPiece += 64;
}

function endMcu(lane: usize): void {
  const mcus = load<u32>(lane, 20) + 1;
  store<u32>(lane, mcus, 20);
  if (mcus >= load<u32>(lane, 28) || load<u32>(lane) >= load<u32>(lane, 24)) {
    endPiece(lane);
    return;
  }
  store<u32>(lane, <u32>BLOCKS, 8);
  store<u32>(lane, load<u32>(BLOCKS), 12);
  if ((mcus & (NOTED - 1)) === 0) note(lane, mcus);
}

function endPiece(lane: usize): void {
  const piece = <usize>load<u32>(lane, 16);
  store<u32>(piece, load<u32>(lane), 16);
  store<u32>(piece, load<u32>(lane, 20), 20);
  v128.store(piece, v128.load(lane, 32), 48);
  takePiece(lane);
}

function note(lane: usize, mcus: u32): void {
  if (nextNote + 32 > endOfNotes) return;
  const piece = <usize>load<u32>(lane, 16);
  const previous = <usize>load<u32>(piece, 32);
  if (previous === 0) store<u32>(piece, <u32>nextNote, 28);
  else store<u32>(previous, <u32>nextNote, 4);
  store<u32>(piece, <u32>nextNote, 32);
  store<u32>(nextNote, load<u32>(lane));
  store<u32>(nextNote, 0, 4);
  store<u32>(nextNote, mcus, 8);
  v128.store(nextNote, v128.load(lane, 32), 16);
  nextNote += 32;
}

/** One symbol, where the fast table has none, or one that ends the block amid its entry. */
function slowly(lane: usize): void {
  const p = load<u32>(lane);
  const block = <usize>load<u32>(lane, 8);
  walkingPiece((load<u32>(lane, 16) - <u32>PIECES) >> 6);
  if (walkSymbol(p, load<u32>(lane, 4), block) !== OK) {
    const piece = <usize>load<u32>(lane, 16);
    store<u32>(piece, p + 1, 24);
    store<u32>(lane, p + 1);
    if (load<u32>(piece, 12) !== 0 || p >= load<u32>(lane, 24)) {
      endPiece(lane);
      return;
    }
    store<u32>(lane, 0, 4);
    store<u32>(lane, <u32>BLOCKS, 8);
    store<u32>(lane, load<u32>(BLOCKS), 12);
    return;
  }
  const predictor = lane + <usize>load<u32>(block, 8);
  store<i32>(predictor, load<i32>(predictor, 32) + symbolDc, 32);
  store<u32>(lane, p + symbolBits);
  if (symbolNext < 64) {
    store<u32>(lane, symbolNext, 4);
    store<u32>(lane, load<u32>(block, 4), 12);
    return;
  }
  store<u32>(lane, 0, 4);
  store<u32>(lane, <u32>(block + 16), 8);
  if (block + 16 === endOfBlocks) endMcu(lane);
  else store<u32>(lane, load<u32>(block + 16), 12);
}
