export { makeShowReceipt, type Receipt, type ReceiptDeps, type ReceiptEntry } from './receipt';
