// Backups of a table, and the table as it was: both are restored into a new one.

import { html } from "./preact.js";
import { change, moment, useAnswer } from "./dynamodb.js";
import { Button, Form, Status, Text } from "./parts.js";
import { to } from "./route.js";
import { world } from "./store.js";

export function Backups({ place, table }) {
  const name = table.TableName;
  const listed = useAnswer(place, "ListBackups", { TableName: name, BackupType: "ALL" });
  const backups = listed.answer?.BackupSummaries ?? [];
  const backUp = async (values, form) => {
    await change(place, "CreateBackup", { TableName: name, BackupName: values.name });
    form.reset();
    listed.again();
    return "Backed up.";
  };
  const remove = async (backup) => {
    if (!confirm(`Delete the backup ${backup.BackupName}?`)) return;
    await change(place, "DeleteBackup", { BackupArn: backup.BackupArn });
    listed.again();
  };
  const restore = async (backup, values) => {
    await change(place, "RestoreTableFromBackup", { BackupArn: backup.BackupArn, TargetTableName: values.target });
    return restored(place, values.target);
  };
  const stamp = world.time.slice(0, 19).replace(/[^\dT]/g, "");
  return html`<h3>Backups</h3>
    <${Form} label="Back up" send="Back up" onSend=${backUp}>
      <${Text} label="Name of the backup" name="name" required value=${`console-${stamp}`} /><//>
    ${listed.error && html`<p class="bad" role="alert">${listed.error}</p>`}
    ${listed.answer && backups.length === 0 && html`<p class="quiet">There are none.</p>`}
    ${backups.map((backup) => html`<div class="backup" key=${backup.BackupArn}>
      <div class="row"><strong>${backup.BackupName}</strong>
        <span class="quiet">${moment(backup.BackupCreationDateTime)} UTC, ${backup.BackupType}</span>
        <${Status}>${backup.BackupStatus}<//>
        <span class="end"><${Button} danger name=${`Delete backup ${backup.BackupName}`}
          onPress=${() => remove(backup)}>Delete<//></span></div>
      <${Form} label=${`Restore backup ${backup.BackupName}`} send="Restore"
        onSend=${(values) => restore(backup, values)}>
        <${Text} label=${`Restore ${backup.BackupName} into a new table`} name="target" required
          value=${`${name}-restored`} />
      <//></div>`)}
    <${PointInTime} place=${place} name=${name} />`;
}

function PointInTime({ place, name }) {
  // The latest time moves with the clock.
  const minute = world.time.slice(0, 16);
  const { answer, error } = useAnswer(place, "DescribeContinuousBackups", { TableName: name }, minute);
  const setting = answer?.ContinuousBackupsDescription.PointInTimeRecoveryDescription;
  if (!setting) return error && html`<p class="bad">${error}</p>`;
  const on = setting.PointInTimeRecoveryStatus === "ENABLED";
  const latest = moment(setting.LatestRestorableDateTime);
  const restore = async (values) => {
    const request = { SourceTableName: name, TargetTableName: values.target };
    const text = values.time.trim();
    if (text === "") request.UseLatestRestorableTime = true;
    else {
      const time = Date.parse(/Z$|[+-]\d\d:\d\d$/.test(text) ? text : `${text.replace(" ", "T")}Z`);
      if (Number.isNaN(time)) throw new Error(`“${text}” is no time like 2026-01-01 00:00:00.`);
      request.RestoreDateTime = time / 1000;
    }
    await change(place, "RestoreTableToPointInTime", request);
    return restored(place, values.target);
  };
  return html`<h3>The table as it was</h3>
    ${on ? html`<p>From ${moment(setting.EarliestRestorableDateTime)} to ${latest} UTC.</p>
      <${Form} label="Restore to a time" send="Restore to that time" onSend=${restore}><div class="fields">
        <${Text} label="Time in UTC; empty is the latest" name="time" placeholder=${latest} />
        <${Text} label="Into a new table" name="target" required value=${`${name}-restored`} />
      </div><//>` : html`<p>Point-in-time recovery is off; the settings can switch it on.</p>`}`;
}

function restored({ account, region }, target) {
  return html`Restored into <a href=${to(["data", account, region, target])}>${target}</a>.`;
}
