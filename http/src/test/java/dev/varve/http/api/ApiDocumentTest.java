package dev.varve.http.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.varve.core.device.DeviceRequest;
import dev.varve.core.inventory.Job;
import dev.varve.core.inventory.UnregisterMode;
import dev.varve.core.inventory.Warnings;
import dev.varve.core.limit.BandwidthLimits;
import dev.varve.core.limit.Limit;
import dev.varve.core.machine.BandwidthGroup;
import dev.varve.core.machine.ControllerType;
import dev.varve.core.machine.LockType;
import dev.varve.core.machine.MachineState;
import dev.varve.core.machine.StorageBus;
import dev.varve.core.medium.DeviceType;
import dev.varve.core.medium.ErrorCode;
import dev.varve.core.medium.ImageFormat;
import dev.varve.core.medium.ImageReport;
import dev.varve.core.medium.MediumState;
import dev.varve.core.medium.MediumType;
import dev.varve.core.medium.MediumVariant;
import dev.varve.io.client.Transport;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * The document against itself and the model. That it is what the routes do, {@link RoutesTest}
 * says.
 */
final class ApiDocumentTest {

  private final ApiDocument document = ApiDocument.load();
  private final JsonObject json = document.text().toJsonObject();
  private final JsonObject schemas = json.getJsonObject("components").getJsonObject("schemas");

  private JsonArray enumOf(String schema) {
    return schemas.getJsonObject(schema).getJsonArray("enum");
  }

  private static <E> JsonArray texts(E[] values, Function<E, String> text) {
    return new JsonArray(Arrays.stream(values).map(text).toList());
  }

  @Test
  void everyPatternSaysInWordsWhatItRefuses() {
    List<JsonObject> found = new ArrayList<>();
    collectPatterns(json, found);

    assertFalse(found.isEmpty());
    for (JsonObject schema : found)
      assertTrue(schema.containsKey("x-varve-refusal"), schema::encodePrettily);
  }

  private static void collectPatterns(Object node, List<JsonObject> found) {
    if (node instanceof JsonArray array) array.forEach(each -> collectPatterns(each, found));
    if (!(node instanceof JsonObject object)) return;
    if (object.getValue("pattern") instanceof String) found.add(object);
    object.forEach(member -> collectPatterns(member.getValue(), found));
  }

  @Test
  void itsLimitsAreThoseOfTheModel() {
    for (String schema : List.of("NewBandwidthGroup", "BandwidthGroupChange", "BandwidthGroup")) {
      List<String> limits =
          schemas.getJsonObject(schema).getJsonObject("properties").fieldNames().stream()
              .filter(name -> !Set.of("name", "kind", "attachments").contains(name))
              .filter(name -> !Set.of("traffic", "members", "machine").contains(name))
              .toList();

      assertEquals(Arrays.stream(Limit.values()).map(Limit::key).toList(), limits, schema);
    }
    assertTrue(
        schemas
            .getJsonObject("BurstMilliseconds")
            .getString("description")
            .endsWith("Usual: " + BandwidthLimits.NONE.value(Limit.BURST) + "."));
  }

  @Test
  void itsWordsAreThoseOfTheModel() {
    assertEquals(texts(DeviceType.values(), DeviceType::text), enumOf("DeviceType"));
    assertEquals(texts(StorageBus.values(), StorageBus::text), enumOf("StorageBus"));
    assertEquals(texts(ControllerType.values(), ControllerType::text), enumOf("ControllerType"));
    assertEquals(texts(LockType.values(), LockType::text), enumOf("LockType"));
    assertEquals(texts(MachineState.values(), MachineState::text), enumOf("MachineState"));
    assertEquals(texts(MediumType.values(), MediumType::text), enumOf("MediumType"));
    assertEquals(texts(MediumState.values(), MediumState::text), enumOf("MediumState"));
    assertEquals(texts(MediumVariant.values(), MediumVariant::text), enumOf("MediumVariant"));
    assertEquals(texts(ErrorCode.values(), ErrorCode::name), enumOf("ErrorCode"));
    assertEquals(texts(Transport.values(), Transport::text), enumOf("Transport"));
    assertEquals(
        texts(BandwidthGroup.Kind.values(), BandwidthGroup.Kind::text),
        enumOf("BandwidthGroupKind"));
    assertEquals(texts(ImageFormat.values(), ImageFormat::text), enumOf("ImageFormat"));
    assertEquals(texts(ImageReport.Status.values(), s -> s.text()), enumOf("ImageStatus"));
    assertEquals(texts(UnregisterMode.values(), UnregisterMode::text), enumOf("UnregisterMode"));
    assertEquals(texts(Warnings.Kind.values(), Warnings.Kind::text), enumOf("WarningKind"));
    assertEquals(texts(Job.State.values(), Job.State::text), enumOf("JobState"));
    assertEquals(
        Arrays.stream(DeviceRequest.Op.values())
            .map(op -> op.name().toLowerCase(Locale.ROOT))
            .toList(),
        List.copyOf(
            schemas.getJsonObject("OperationLoads").getJsonObject("properties").fieldNames()));
  }

  /** A generated client then has a type for it, with a name. */
  @Test
  void everyClosedSetOfWordsHasAName() {
    List<String> without = new ArrayList<>();
    for (String section : List.of("paths", "components"))
      collectUnnamedSets(json.getJsonObject(section), section, without);

    assertEquals(List.of(), without);
  }

  private static void collectUnnamedSets(Object node, String place, List<String> without) {
    if (node instanceof JsonArray array)
      array.forEach(element -> collectUnnamedSets(element, place, without));
    if (!(node instanceof JsonObject object)) return;
    if (object.containsKey("enum") && !place.matches("components/schemas/[A-Za-z]+"))
      without.add(place);
    for (Map.Entry<String, Object> member : object)
      collectUnnamedSets(member.getValue(), place + "/" + member.getKey(), without);
  }

  @Test
  void waysOutAreOperations() {
    Set<String> operations =
        document.operations().stream().map(Operation::id).collect(Collectors.toSet());

    for (Object way : enumOf("WayOutOperation"))
      assertTrue(operations.contains((String) way), way.toString());
  }

  @Test
  void everyOperationHasItsOwnNameASummaryAndAProblem() {
    Set<String> names = new HashSet<>();

    for (Map.Entry<String, Object> path : json.getJsonObject("paths")) {
      for (Map.Entry<String, Object> method : (JsonObject) path.getValue()) {
        if (!(method.getValue() instanceof JsonObject operation)) continue;
        String name = operation.getString("operationId");
        assertTrue(names.add(name), name);
        assertTrue(operation.getString("summary").endsWith("."), name);
        assertEquals(
            "#/components/responses/Problem",
            operation.getJsonObject("responses").getJsonObject("default").getString("$ref"),
            name);
      }
    }
    assertEquals(names.size(), document.operations().size());
  }

  @Test
  void thePathsParametersAreDescribed() {
    for (Operation operation : document.operations()) {
      Set<String> inPath =
          Arrays.stream(operation.path().split("/"))
              .filter(step -> step.startsWith("{"))
              .map(step -> step.substring(1, step.length() - 1))
              .collect(Collectors.toCollection(TreeSet::new));
      Set<String> described =
          operation.parameters().stream()
              .filter(p -> p.place() == Operation.Place.PATH)
              .map(Operation.Parameter::name)
              .collect(Collectors.toCollection(TreeSet::new));

      assertEquals(inPath, described, operation.id());
    }
  }

  @Test
  void everyReferencePointsAtSomethingAndEverySchemaIsReferredTo() {
    Set<String> references = new TreeSet<>();
    collectReferences(json, references);

    List<String> unknown = new ArrayList<>();
    for (String reference : references) {
      Object node = json;
      for (String step : reference.substring(2).split("/"))
        node = node instanceof JsonObject object ? object.getValue(step) : null;
      if (node == null) unknown.add(reference);
    }
    assertEquals(List.of(), unknown);
    for (String schema : schemas.fieldNames())
      assertTrue(references.contains("#/components/schemas/" + schema), schema);
  }

  private static void collectReferences(Object node, Set<String> references) {
    if (node instanceof JsonArray array) array.forEach(e -> collectReferences(e, references));
    if (!(node instanceof JsonObject object)) return;
    for (Map.Entry<String, Object> member : object) {
      if (member.getKey().equals("$ref")) references.add((String) member.getValue());
      else collectReferences(member.getValue(), references);
    }
  }

  @Test
  void everyObjectNamesAllOfItsMembers() {
    for (String name : schemas.fieldNames()) {
      JsonObject schema = schemas.getJsonObject(name);
      if (!"object".equals(schema.getString("type"))) continue;
      assertEquals(false, schema.getValue("additionalProperties"), name);
      for (Object required : schema.getJsonArray("required", new JsonArray()))
        assertTrue(
            schema.getJsonObject("properties").containsKey((String) required), name + required);
    }
  }
}
