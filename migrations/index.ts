import { Foundation1763900000000 } from './1763900000000-foundation';
import { SignedLog1764100000000 } from './1764100000000-signed-log';
import { LoggedSends1764200000000 } from './1764200000000-logged-sends';
import { Erasure1764400000000 } from './1764400000000-erasure';
import { ErasureMark1764450000000 } from './1764450000000-erasure-mark';
import { Mail1764500000000 } from './1764500000000-mail';
import { MetaRequests1764600000000 } from './1764600000000-meta-requests';
import { AccountErasure1764700000000 } from './1764700000000-account-erasure';
import { Retention1764800000000 } from './1764800000000-retention';
import { SubscriptionEnd1764900000000 } from './1764900000000-subscription-end';
import { AccountBackup1765000000000 } from './1765000000000-account-backup';
import { Restore1765100000000 } from './1765100000000-restore';
import { AccountKeys1765150000000 } from './1765150000000-account-keys';
import { Recipients1765200000000 } from './1765200000000-recipients';
import { ReturningPeople1765300000000 } from './1765300000000-returning-people';
import { Ended1765400000000 } from './1765400000000-ended';
import { ErasureFootprint1765450000000 } from './1765450000000-erasure-footprint';
import { LetterKeys1765500000000 } from './1765500000000-letter-keys';
import { ClosedLeaves1765600000000 } from './1765600000000-closed-leaves';
import { OpeningOwners1765700000000 } from './1765700000000-opening-owners';
import { FinishedErasures1765800000000 } from './1765800000000-finished-erasures';
import { AnsweredLinks1765900000000 } from './1765900000000-answered-links';

/** Every migration in order, by import and never by glob, so that a missing file does not compile. */
export const migrations = [
  Foundation1763900000000,
  SignedLog1764100000000,
  LoggedSends1764200000000,
  Erasure1764400000000,
  ErasureMark1764450000000,
  Mail1764500000000,
  MetaRequests1764600000000,
  AccountErasure1764700000000,
  Retention1764800000000,
  SubscriptionEnd1764900000000,
  AccountBackup1765000000000,
  Restore1765100000000,
  AccountKeys1765150000000,
  Recipients1765200000000,
  ReturningPeople1765300000000,
  Ended1765400000000,
  ErasureFootprint1765450000000,
  LetterKeys1765500000000,
  ClosedLeaves1765600000000,
  OpeningOwners1765700000000,
  FinishedErasures1765800000000,
  AnsweredLinks1765900000000,
];
