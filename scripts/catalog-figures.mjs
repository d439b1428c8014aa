#!/usr/bin/env node
// Prints what `causeway check` makes of folders or Git repositories: read, accepted, warned, rejected, and why.
//   scripts/catalog-figures FOLDER-OR-REPOSITORY…       (CAUSEWAY=target/debug/causeway)
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

const causeway = process.env.CAUSEWAY ?? "target/debug/causeway";
const targets = process.argv.slice(2);
if (targets.length === 0) {
  console.error("usage: scripts/catalog-figures FOLDER-OR-REPOSITORY…");
  process.exit(2);
}

/** A folder to look at: the one that is named, or a shallow copy of the repository. */
function folder(target, made) {
  if (existsSync(target) && !target.endsWith(".git")) return target;
  const copy = mkdtempSync(join(tmpdir(), "catalog-"));
  made.push(copy);
  execFileSync("git", ["clone", "--quiet", "--depth=1", "--", target, copy], { stdio: ["ignore", "inherit", "inherit"] });
  return copy;
}

for (const target of targets) {
  const made = [];
  try {
    const path = folder(target, made);
    const started = process.hrtime.bigint();
    const run = spawnSync(causeway, ["check", path, "--format", "json"], { maxBuffer: 1 << 30 });
    const took = Number(process.hrtime.bigint() - started) / 1e6;
    if (run.status !== 0 && run.status !== 1) throw new Error(run.stderr?.toString() || String(run.error));
    const report = JSON.parse(run.stdout);
    const count = (outcome) => report.files.filter((file) => file.outcome === outcome).length;
    console.log(
      `${basename(target)}: ${report.files.length} files in ${took.toFixed(0)} ms, ${report.entities} entities accepted; ` +
        `files: ${count("found")} clean, ${count("warned")} warned, ${count("rejected")} rejected, ${count("skipped")} left out`,
    );
    const reasons = new Map();
    for (const { severity, field, message } of report.findings) {
      // One line for each kind of reason: names and numbers fall away.
      const text = `${severity} ${(field ?? "").replace(/\[.*?\]/g, "[]")} ${message.replace(/`[^`]*`/g, "`…`").slice(0, 110)}`;
      reasons.set(text, (reasons.get(text) ?? 0) + 1);
    }
    for (const [text, number] of [...reasons].sort((a, b) => b[1] - a[1])) console.log(`  ${String(number).padStart(5)}  ${text}`);
  } finally {
    for (const copy of made) rmSync(copy, { recursive: true, force: true });
  }
}
