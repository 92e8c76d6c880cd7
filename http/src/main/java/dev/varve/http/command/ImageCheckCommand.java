package dev.varve.http.command;

import dev.varve.core.device.FailureWords;
import dev.varve.core.medium.ImageReport.Finding;
import dev.varve.core.medium.ImageReport.Status;
import dev.varve.http.log.PrintableText;
import dev.varve.io.vdi.VdiCheck.ForVirtualBox;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code varve image check}: looks for damage, and repairs it. */
@Command(
    name = "check",
    sortOptions = false,
    description = {
      "Looks for damage in images. Each image is checked alone, without its parents.",
      "",
      "Wasted space is not damage; --repair frees it too. Blocks that cannot be saved read afterwards as zeroes or as"
          + " the parent's contents; the report names them.",
      "",
      "What is compressed in a QCOW2 or streamOptimized image is inflated, which takes as long as a copy of it.",
      "",
      "--repair changes a VDI image itself. Of other formats it repairs a copy beside the image, unless --in-place is"
          + " given.",
      "",
      "For a VDI image that is not clean, for example after a crash, the report says whether VirtualBox may open it.",
      ""
    },
    exitCodeListHeading = "%nExit status:%n",
    exitCodeList = {
      "0:all images are whole, or were repaired",
      "1:an image was not checked: it is missing, cannot be read, is in use, or is no image",
      "2:the command line is wrong",
      "3:an image is damaged, also if others were not checked"
    })
final class ImageCheckCommand implements Callable<Integer> {

  /** Exit status: an image is missing, cannot be read, is in use or is no image. */
  private static final int NOT_CHECKED = CommandLine.ExitCode.SOFTWARE;

  /** Exit status: an image is damaged in the end. Says more than {@link #NOT_CHECKED}. */
  static final int DAMAGED = 3;

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "IMAGE", arity = "1..*", description = "The images to check.")
  private List<Path> images;

  @Option(names = "--repair", description = "Repair what can be repaired.")
  private boolean repair;

  @Option(
      names = "--in-place",
      description =
          "With --repair: change the image itself, whatever its format, and make no copy.")
  private boolean inPlace;

  @Mixin private ForceOption force;

  @Mixin private AnswerOptions answer;

  @Override
  public Integer call() {
    var json = new JsonArray();
    PrintWriter out = spec.commandLine().getOut();
    int worst = 0;
    for (Path image : images) {
      try {
        List<CheckedImage> one = new ArrayList<>(1);
        ServedImage.use(
            () -> one.add(repair ? repaired(image) : CheckedImage.check(image)),
            "'varve medium check' asks it for a machine's disk");
        CheckedImage report = one.getFirst();
        if (report.status() == Status.DAMAGED) worst = DAMAGED;
        json.add(json(report));
        if (!answer.isJson()) out.println(text(report));
      } catch (IOException e) {
        worst = Math.max(worst, NOT_CHECKED);
        String why = FailureWords.of(e);
        json.add(notChecked(image, why));
        if (!answer.isJson()) out.println(PrintableText.of(image + ": not checked"));
        out.flush();
        spec.commandLine().getErr().println("varve: " + PrintableText.of(why));
      }
    }
    if (answer.isJson())
      out.println(new JsonObject().put("images", json).put("exitStatus", worst).encode());
    out.flush();
    return worst;
  }

  private CheckedImage repaired(Path image) throws IOException {
    List<CheckedImage> report = new ArrayList<>();
    force.open(() -> report.add(CheckedImage.repair(image, inPlace)));
    return report.getFirst();
  }

  private static JsonObject notChecked(Path image, String why) {
    return new JsonObject()
        .put("file", image.toString())
        .put("status", "notChecked")
        .put("error", why)
        .put("findings", new JsonArray())
        .put("repairs", new JsonArray());
  }

  private static String text(CheckedImage report) {
    var text = new StringBuilder(report.file()).append(": ").append(report.status().text());
    for (Finding finding : report.findings())
      text.append("\n  ")
          .append(finding.severity())
          .append(": ")
          .append(PrintableText.of(finding.message()));
    report.repairs().forEach(done -> text.append("\n  repaired: ").append(done));
    boolean unusual = report.status() != Status.CLEAN || !report.repairs().isEmpty();
    ForVirtualBox virtualBox = report.virtualBox();
    if (unusual && virtualBox != null)
      text.append("\n  VirtualBox: ").append(forVirtualBox(virtualBox));
    return text.toString();
  }

  private static String forVirtualBox(ForVirtualBox virtualBox) {
    return switch (virtualBox) {
      case MAY_OPEN -> "may open the image as it is";
      case REPAIR_FIRST ->
          "must not open the image before it is repaired with --repair, or was served by Varve"
              + " once: VirtualBox trusts the count of allocated blocks. It would overwrite blocks, or"
              + " refuse the image for ever after it has added some";
      case REFUSES -> "refuses the image";
    };
  }

  private static JsonObject json(CheckedImage report) {
    var findings = new JsonArray();
    for (Finding finding : report.findings())
      findings.add(
          new JsonObject()
              .put("kind", finding.kind())
              .put("severity", finding.severity())
              .put("message", finding.message()));
    var json = new JsonObject().put("file", report.file()).put("status", report.status().text());
    if (report.virtualBox() != null) json.put("virtualBox", report.virtualBox().text());
    return json.put("findings", findings).put("repairs", new JsonArray(report.repairs()));
  }
}
