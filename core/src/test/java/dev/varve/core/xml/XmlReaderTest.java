package dev.varve.core.xml;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class XmlReaderTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "<a/>",
        "\uFEFF<?xml version='1.0' encoding=\"utf-8\"?>\r\n<a />\r\n",
        "<?xml version=\"1.0\" standalone='yes' ?><!-- c > - '<a --><a  b = 'x\"y'\n\tc=\"&#10;&lt;>\" ></a >\n<?p i?>",
        "<a>text <![CDATA[<b>]]> more &amp; <b/><![CDATA[]]></a>",
        "<a xmlns='u' xmlns:p='v' p:q='1'><p:b p:c=\"2\"/></a>",
        "<a>\r\n\t<b>\u00e4\ud83d\ude00</b>\r\n</a>",
        "<a b=\"x>y\" c='/>'/>",
      })
  void unusualXmlIsWrittenAsItWas(String text) throws IOException {
    assertEquals(text, read(text).toString());
  }

  @Test
  void valuesAndTextsAreWhatTheySayAndNotHowTheyAreWritten() throws IOException {
    XmlElement root =
        read("<a b='&lt;&#228;&quot;&#x1F600;' c = \"1\n2\">x<![CDATA[<]]>&amp;<d/>y</a>").root();

    assertEquals("<\u00e4\"\ud83d\ude00", root.attribute("b"));
    assertEquals("1 2", root.attribute("c"));
    assertEquals("x<&y", root.text());
  }

  @Test
  void aChangedValueIsTheOnlyThingThatChanges() throws IOException {
    XmlDocument document = read("<a  b = 'x'\n c='2'>\n<!-- n -->\n</a>");

    document.root().set("c", "<\"\n\u00e4>", List.of("c"));

    assertEquals(
        "<a  b = 'x'\n c=\"&lt;&quot;&#10;\u00e4&gt;\">\n<!-- n -->\n</a>", document.toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"a\tb\nc\rd", "<>&\"'", "\u00e4\ud83d\ude00\u2028", " two  spaces ", "]]>"})
  void anyTextIsReadAsItWasSet(String value) throws IOException {
    XmlDocument document = read("<a><b/></a>");
    document.root().set("v", value, List.of("v"));
    document.root().require("b").setText(value);

    XmlElement root = read(document.toString()).root();

    assertEquals(value, root.attribute("v"));
    assertEquals(value, root.require("b").text());
  }

  @ParameterizedTest
  @ValueSource(strings = {"\u0000", "\u0007", "\uFFFE", "\ud83d", "x\ude00y"})
  void whatXmlCannotHoldIsRefusedBeforeItIsWritten(String value) throws IOException {
    XmlElement root = read("<a/>").root();

    var refused = assertThrows(XmlException.class, () -> root.set("v", value, List.of("v")));

    assertTrue(refused.getMessage().contains("U+"), refused.getMessage());
  }

  @Test
  void elementsAreIndentedWhereTheyGo() throws IOException {
    XmlDocument document =
        read("<a>\n    <b>\n        <c>\n            <d/>\n        </c>\n    </b>\n</a>");
    XmlElement root = document.root();
    XmlElement b = root.require("b");
    XmlElement c = b.require("c");

    root.arrange("c", List.of(c));
    b.require("e");

    assertEquals(
        "<a>\n    <b>\n      <e/>\n    </b>\n  <c>\n      <d/>\n  </c>\n</a>", document.toString());
  }

  // ---- files from anywhere

  @Test
  void aFileIsNotFetchedFromTheOutside(@TempDir Path folder) throws IOException {
    Path secret = Files.writeString(folder.resolve("secret"), "the secret");
    String text = "<!DOCTYPE a [<!ENTITY e SYSTEM \"%s\">]>\n<a>&e;</a>".formatted(secret.toUri());

    assertRefused(text, "DOCTYPE");
  }

  @Test
  void aMillionLaughsAreRefusedAtOnce() {
    var text = new StringBuilder("<?xml version=\"1.0\"?>\n<!DOCTYPE a [<!ENTITY l0 \"ha\">");
    for (int i = 1; i < 30; i++)
      text.append("<!ENTITY l%d \"%s\">".formatted(i, ("&l" + (i - 1) + ";").repeat(10)));

    assertRefused(text.append("]>\n<a>&l29;</a>").toString(), "DOCTYPE");
  }

  @Test
  void anEntityThatNobodyDeclaredIsRefused() {
    assertRefused("<a>\n&nbsp;</a>", "line 2");
  }

  @Test
  void depthIsBounded() throws IOException {
    String deep = "<a>".repeat(XmlReader.MAX_DEPTH) + "</a>".repeat(XmlReader.MAX_DEPTH);

    assertEquals(deep, read(deep).toString());
    assertRefused("<a>\n" + deep + "</a>", "line 2");
    assertRefused("<a>".repeat(1_000_000), "more than 600 elements deep");
  }

  @Test
  void aMillionAttributesAreRefused() {
    var text = new StringBuilder("<a");
    for (int i = 0; i < 1_000_000; i++) text.append(" b").append(i).append("=''");

    assertRefused(text.append("/>").toString(), "line 1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "text",
        "<a>",
        "<a></b>",
        "<a b></a>",
        "<a/><b/>",
        "<a b='1' b='2'/>",
        "<?xml version='1.0'",
        "<a>&#0;</a>",
        "<a>\u0001</a>",
        "<p:a/>",
        "<a><!-- -- --></a>"
      })
  void whatIsNotWellFormedIsRefusedByLine(String text) {
    assertRefused(text, "line 1");
  }

  @Test
  void otherEncodingsAreRefused() {
    byte[] latin = "<a b='\u00e4'/>".getBytes(StandardCharsets.ISO_8859_1);
    byte[] utf16 = "<a/>".getBytes(StandardCharsets.UTF_16);

    assertThrows(XmlException.class, () -> XmlReader.read("f", latin));
    assertThrows(XmlException.class, () -> XmlReader.read("f", utf16));
    assertRefused("<?xml version='1.0' encoding='ISO-8859-1'?><a/>", "ISO-8859-1");
  }

  private static void assertRefused(String text, String says) {
    var refused = assertThrows(XmlException.class, () -> read(text));
    assertTrue(refused.getMessage().contains(says), refused.getMessage());
  }

  private static XmlDocument read(String text) throws XmlException {
    return XmlReader.read("test.vbox", text.getBytes(StandardCharsets.UTF_8));
  }
}
