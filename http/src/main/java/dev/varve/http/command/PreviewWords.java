package dev.varve.http.command;

import dev.varve.http.log.PrintableText;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;

/** What an operation would do, as text for people. */
final class PreviewWords {

  private PreviewWords() {}

  static String of(JsonObject preview) {
    List<String> lines = new ArrayList<>();
    lines.add("Nothing was changed. This would happen:");
    for (Object change : preview.getJsonArray("changes"))
      lines.add("  " + PrintableText.of(change.toString()));
    var table = new TextTable("action", "size", "file");
    for (JsonObject file : AnswerParts.objects(preview, "files")) {
      Long bytes = file.getLong("bytes");
      table.row(
          file.getString("action"),
          bytes == null ? null : ByteSize.rounded(bytes),
          PrintableText.of(file.getString("location")));
    }
    if (!table.isEmpty()) {
      lines.add("");
      lines.addAll(table.lines());
    }
    lines.add("");
    lines.add(preview.getString("summary"));
    long needed = preview.getLong("neededBytes");
    if (needed > 0)
      lines.add("It needs up to %s until it is done.".formatted(ByteSize.rounded(needed)));
    if (preview.getBoolean("irreversible")) lines.add("It cannot be undone.");
    return String.join("\n", lines);
  }
}
