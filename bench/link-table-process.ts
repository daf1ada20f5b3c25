/**
 * Measures the link table in a process of its own and prints the figures as JSON, so that what the
 * bench itself keeps in memory neither counts nor causes pauses.
 */
import { measureLinkTable } from './link-table.ts'

console.log(JSON.stringify(await measureLinkTable(Number(process.argv[2]))))
