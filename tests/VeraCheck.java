// Validates PDF/A with the veraPDF engine; started once by tests/verapdf.py and asked by lines.
//
// In:  <flavour> TAB <path>      for example  2a TAB /tmp/x.pdf
// Out: any number of problem lines, then a line "." when the file is done.

import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.PDFAParser;
import org.verapdf.pdfa.PDFAValidator;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;
import org.verapdf.pdfa.results.ValidationResult;

public class VeraCheck {
    public static void main(String[] arguments) throws Exception {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        VeraGreenfieldFoundryProvider.initialise();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] asked = line.split("\t", 2);
            try {
                check(PDFAFlavour.fromString(asked[0]), asked[1], out);
            } catch (Exception fault) {
                out.println("cannot be read as PDF/A: " + oneLine(fault));
            }
            out.println(".");
        }
    }

    private static void check(PDFAFlavour flavour, String path, PrintStream out) throws Exception {
        try (FileInputStream file = new FileInputStream(path);
                PDFAParser parser = Foundries.defaultInstance().createParser(file, flavour);
                PDFAValidator validator = Foundries.defaultInstance().createValidator(flavour, false)) {
            ValidationResult result = validator.validate(parser);
            if (!parser.getFlavours().contains(flavour)) {
                out.println("does not claim to be PDF/A-" + flavour + " but " + parser.getFlavours());
            }
            // The first place of each broken rule says enough.
            Map<String, String> broken = new LinkedHashMap<>();
            for (TestAssertion assertion : result.getTestAssertions()) {
                if (assertion.getStatus() == TestAssertion.Status.FAILED) {
                    String rule = assertion.getRuleId().getClause() + "-" + assertion.getRuleId().getTestNumber();
                    String place = assertion.getLocation() == null ? "" : assertion.getLocation().getContext();
                    broken.putIfAbsent(rule, oneLine(rule + ": " + assertion.getMessage() + " at " + place));
                }
            }
            broken.values().forEach(out::println);
            if (!result.isCompliant() && broken.isEmpty()) {
                out.println("not compliant, without a rule to name");
            }
        }
    }

    private static String oneLine(Object text) {
        return text.toString().replaceAll("\\s+", " ");
    }
}
