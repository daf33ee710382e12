SELECT DISTINCT inference_provider FROM _ph_offer ORDER BY 1;
