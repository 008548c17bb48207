// Backups of a table, and the table as it was: both are restored into a new one.

import { html } from "./preact.js";
import { change, moment, useAnswer } from "./dynamodb.js";
import { Button, Field, Form, Status } from "./parts.js";
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
      <${Field} label="Name of the backup"><input name="name" required autocomplete="off" defaultValue=${`console-${stamp}`} /><//><//>
    ${listed.error && html`<p class="bad" role="alert">${listed.error}</p>`}
    ${listed.answer && backups.length === 0 && html`<p class="quiet">There are none.</p>`}
    ${backups.map((backup) => html`<div class="backup" key=${backup.BackupArn}>
      <div class="row"><strong>${backup.BackupName}</strong><span class="quiet">${moment(backup.BackupCreationDateTime)} UTC, ${backup.BackupType}</span>
        <${Status}>${backup.BackupStatus}<//>
        <span class="end"><${Button} danger name=${`Delete backup ${backup.BackupName}`} onPress=${() => remove(backup)}>Delete<//></span></div>
      <${Form} label=${`Restore backup ${backup.BackupName}`} send="Restore" onSend=${(values) => restore(backup, values)}>
        <${Field} label=${`Restore ${backup.BackupName} into a new table`}><input name="target" required autocomplete="off" defaultValue=${`${name}-restored`} /><//>
      <//></div>`)}
    <${PointInTime} place=${place} name=${name} />`;
}

function PointInTime({ place, name }) {
  const { answer, error } = useAnswer(place, "DescribeContinuousBackups", { TableName: name }, world.time.slice(0, 16));
  const setting = answer?.ContinuousBackupsDescription.PointInTimeRecoveryDescription;
  if (!setting) return error && html`<p class="bad">${error}</p>`;
  const on = setting.PointInTimeRecoveryStatus === "ENABLED";
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
    ${on ? html`<p>From ${moment(setting.EarliestRestorableDateTime)} to ${moment(setting.LatestRestorableDateTime)} UTC.</p>
      <${Form} label="Restore to a time" send="Restore to that time" onSend=${restore}><div class="fields">
        <${Field} label="Time in UTC; empty is the latest"><input name="time" placeholder=${moment(setting.LatestRestorableDateTime)} autocomplete="off" /><//>
        <${Field} label="Into a new table"><input name="target" required autocomplete="off" defaultValue=${`${name}-restored`} /><//>
      </div><//>` : html`<p>Point-in-time recovery is off; the settings can switch it on.</p>`}`;
}

const restored = (place, target) => html`Restored into <a href=${to(["data", place.account, place.region, target])}>${target}</a>.`;
